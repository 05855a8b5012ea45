// SPDX-License-Identifier: Apache-2.0
// How much may be taken away from this app in a time, how much of that is used, and what is held because of it.
import { Button, Card, CardBody, CardTitle, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Radio, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { change, get, list } from '../api/client';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';
import { typed } from './limits-form';

type Rule = 'deactivations' | 'groupDeletions' | 'removalsPerGroup' | 'removals';

interface Limit {
    percent?: number;
    number?: number;
    off?: boolean;
    source: 'DEFAULT' | 'ORGANIZATION' | 'APP';
}

type Limits = Record<Rule, Limit> & { windowHours: number; used: Partial<Record<Rule, number>>; overdueDeactivations?: number };

const RULES: [Rule, string][] = [
    ['deactivations', 'Accounts deactivated'],
    ['groupDeletions', 'Groups deleted'],
    ['removalsPerGroup', 'Members removed from one group'],
    ['removals', 'Members removed in all'],
];
const SOURCES = { DEFAULT: 'by default', ORGANIZATION: 'as the organisation says', APP: "the app's own" };

function inWords({ off, percent, number }: Limit): string {
    if (off) return 'no limit';
    return `${percent ?? 0} %, and ${(number ?? 0).toLocaleString()} at any rate`;
}

function Edit({ path, rule, title, limit, close }: { path: string; rule: Rule; title: string; limit: Limit; close: () => void }) {
    const toasts = useToasts();
    const [how, setHow] = useState<'inherit' | 'own' | 'off'>(limit.source !== 'APP' ? 'inherit' : limit.off ? 'off' : 'own');
    const [percent, setPercent] = useState(String(limit.percent ?? ''));
    const [number, setNumber] = useState(String(limit.number ?? ''));
    const save = useMutation({
        mutationFn: () => {
            const own = { percent: typed(percent), number: typed(number) };
            return change('PUT', path, { [rule]: how === 'inherit' ? null : how === 'off' ? { off: true } : own });
        },
        onSuccess: () => {
            toasts.done(`${title}: the limit is saved`);
            close();
        },
    });
    const choice = (value: 'inherit' | 'own' | 'off', label: string) => (
        <Radio id={`limit-${value}`} name="limit" label={label} isChecked={how === value} onChange={() => setHow(value)} />
    );
    const field = (id: string, label: string, value: string, set: (value: string) => void) => (
        <FormGroup label={label} fieldId={id}>
            <TextInput
                id={id}
                inputMode="numeric"
                value={value}
                onChange={(_event, text) => set(text)}
                validated={isWrong(save.error, rule) ? 'error' : 'default'}
            />
        </FormGroup>
    );
    return (
        <Modal isOpen variant="small" aria-label={title} onClose={close}>
            <ModalHeader title={title} description="What is more than this within the window is held until somebody approves." />
            <ModalBody>
                <Form
                    id="limit"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title="The limit was not saved" fields={[rule]} />
                    {choice('inherit', 'As the organisation has it')}
                    {choice('own', 'A limit of its own')}
                    {how === 'own' && (
                        <>
                            {field('percent', 'Per cent', percent, setPercent)}
                            {field('number', 'As many at any rate', number, setNumber)}
                        </>
                    )}
                    {choice('off', 'No limit')}
                    <FieldHelp error={save.error} field={rule} />
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="limit" pending={save.isPending}>
                    Save
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}

// What waits for a decision is decided where all that is held stands.
function Held({ app }: { app: App }) {
    const path = `/api/v1/apps/${app.id}/group-push/holds`;
    const query = { status: 'OPEN', limit: 1000 };
    const { data } = useQuery({ queryKey: [path, query], queryFn: ({ signal }) => list<{ changes: number }>(path, query, signal) });
    const changes = (data?.items ?? []).reduce((sum, hold) => sum + hold.changes, 0);
    if (changes === 0) return <p>Nothing is held.</p>;
    return (
        <p>
            <Link to="/troubleshoot/held">
                {changes.toLocaleString()} {changes === 1 ? 'change is' : 'changes are'} held
            </Link>{' '}
            and wait for somebody to decide.
        </p>
    );
}

export function LimitsCard({ app }: { app: App }) {
    const mayChange = useMay('ADMIN');
    const [editing, setEditing] = useState<[Rule, string] | null>(null);
    const path = `/api/v1/apps/${app.id}/group-push/limits`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Limits>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The deletion limits cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the deletion limits" />;
    return (
        <Card>
            <CardTitle component="h2">Deletion limits</CardTitle>
            <CardBody>
                <Held app={app} />
                <div className="muster-scroll-x">
                    <Table aria-label="Deletion limits" variant="compact">
                        <Thead>
                            <Tr>
                                <Th width={30}>Within {data.windowHours.toLocaleString()} hours</Th>
                                <Th width={40}>Allowed</Th>
                                <Th>Used</Th>
                                {mayChange && <Th screenReaderText="Actions" />}
                            </Tr>
                        </Thead>
                        <Tbody>
                            {RULES.map(([rule, title]) => (
                                <Tr key={rule}>
                                    <Td dataLabel={`Within ${data.windowHours} hours`}>{title}</Td>
                                    <Td dataLabel="Allowed">
                                        {inWords(data[rule])}
                                        <div className="muster-subtle">{SOURCES[data[rule].source]}</div>
                                    </Td>
                                    <Td dataLabel="Used">{data.used[rule]?.toLocaleString() ?? ''}</Td>
                                    {mayChange && (
                                        <Td>
                                            <Button
                                                variant="secondary"
                                                size="sm"
                                                aria-label={`Change the limit: ${title}`}
                                                onClick={() => setEditing([rule, title])}
                                            >
                                                Change
                                            </Button>
                                        </Td>
                                    )}
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                </div>
            </CardBody>
            {editing && (
                <Edit path={path} rule={editing[0]} title={editing[1]} limit={data[editing[0]]} close={() => setEditing(null)} />
            )}
        </Card>
    );
}
