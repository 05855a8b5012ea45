// SPDX-License-Identifier: Apache-2.0
// What is known of the app's habits: learned from what it answered, or told by an administrator, whose word wins.
import { Button, Card, CardBody, CardTitle, Form, FormGroup, FormSelect, FormSelectOption, Label, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Loading } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';

interface Trait {
    source: 'UNKNOWN' | 'LEARNED' | 'TOLD';
    value?: number | boolean;
    since?: string;
}

type Target = Record<string, Trait>;

const YES_NO = ['addsAndRemovalsTogether', 'groupsFoundByMember'];
const TITLES: Record<string, [string, string]> = {
    membersAddedPerRequest: ['Members added in one request', '100 until it is known'],
    membersRemovedPerRequest: ['Members removed in one request', '100 until it is known'],
    addsAndRemovalsTogether: ['Adds and removals in one request', ''],
    groupsFoundByMember: ['A filter finds the groups of a member', 'needed where groups show no members'],
    usersReadPerMinute: ['Users read in a minute', ''],
    usersWrittenPerMinute: ['Users written in a minute', ''],
    groupsReadPerMinute: ['Groups read in a minute', ''],
    groupsWrittenPerMinute: ['Groups written in a minute', ''],
    secondsToAnswer: ['Seconds to answer', '60 until somebody says'],
};

const titleOf = (name: string) => TITLES[name]?.[0] ?? name;

function Value({ trait, help }: { trait: Trait; help: string }) {
    if (trait.source === 'UNKNOWN') return <span className="muster-subtle">not known{help && `: ${help}`}</span>;
    if (typeof trait.value === 'boolean') return <>{trait.value ? 'yes' : 'no'}</>;
    return <>{trait.value?.toLocaleString()}</>;
}

function Source({ trait }: { trait: Trait }) {
    if (trait.source === 'UNKNOWN') return null;
    return (
        <>
            <Label color={trait.source === 'TOLD' ? 'blue' : 'green'}>{trait.source === 'TOLD' ? 'Told' : 'Learned'}</Label>
            <div className="muster-subtle">
                <Time iso={trait.since} none="" />
            </div>
        </>
    );
}

function Tell({ path, name, trait, close }: { path: string; name: string; trait: Trait; close: () => void }) {
    const toasts = useToasts();
    const yesNo = YES_NO.includes(name);
    const [text, setText] = useState(trait.value === undefined ? (yesNo ? 'true' : '') : String(trait.value));
    const save = useMutation({
        mutationFn: () => change('PUT', path, { [name]: yesNo ? text === 'true' : Number(text) }),
        onSuccess: () => {
            toasts.done(`${titleOf(name)}: from the next request on`);
            close();
        },
    });
    return (
        <Modal isOpen variant="small" aria-label={titleOf(name)} onClose={close}>
            <ModalHeader title={titleOf(name)} description="What you say holds, whatever the app answers." />
            <ModalBody>
                <Form
                    id="tell"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title="Not saved" fields={[name]} />
                    <FormGroup label="Value" fieldId="tell-value" isRequired>
                        {yesNo ? (
                            <FormSelect id="tell-value" value={text} onChange={(_event, value) => setText(value)}>
                                <FormSelectOption value="true" label="yes" />
                                <FormSelectOption value="false" label="no" />
                            </FormSelect>
                        ) : (
                            <TextInput
                                id="tell-value"
                                inputMode="numeric"
                                value={text}
                                onChange={(_event, value) => setText(value)}
                                validated={isWrong(save.error, name) ? 'error' : 'default'}
                            />
                        )}
                        <FieldHelp error={save.error} field={name} />
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="tell" isDisabled={!text} pending={save.isPending}>
                    Save
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}

export function TargetCard({ app }: { app: App }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const [telling, setTelling] = useState<string | null>(null);
    const path = `/api/v1/apps/${app.id}/target`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Target>(path, {}, signal) });
    const forget = useMutation({
        mutationFn: (name: string) => change('PUT', path, { [name]: null }),
        onSuccess: (_answer, name) => toasts.done(`${titleOf(name)}: forgotten, and learned anew`),
        onError: (failure) => toasts.failed('Not forgotten', failure),
    });
    if (error) return <ErrorAlert error={error} title="What is known of the app cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="what is known of the app" />;
    const told = telling === null ? undefined : data[telling];
    return (
        <Card>
            <CardTitle component="h2">What is known of the app</CardTitle>
            <CardBody>
                <div className="muster-scroll-x">
                    <Table aria-label="What is known of the app" variant="compact">
                        <Thead>
                            <Tr>
                                <Th width={40}>Habit</Th>
                                <Th>Value</Th>
                                <Th>How it is known</Th>
                                {mayChange && <Th screenReaderText="Actions" />}
                            </Tr>
                        </Thead>
                        <Tbody>
                            {Object.entries(data).map(([name, trait]) => (
                                <Tr key={name}>
                                    <Td dataLabel="Habit">{titleOf(name)}</Td>
                                    <Td dataLabel="Value">
                                        <Value trait={trait} help={TITLES[name]?.[1] ?? ''} />
                                    </Td>
                                    <Td dataLabel="How it is known">
                                        <Source trait={trait} />
                                    </Td>
                                    {mayChange && (
                                        <Td>
                                            <Button variant="link" isInline aria-label={`Tell: ${titleOf(name)}`} onClick={() => setTelling(name)}>
                                                Tell
                                            </Button>{' '}
                                            {trait.source !== 'UNKNOWN' && (
                                                <ActButton
                                                    variant="link"
                                                    isInline
                                                    aria-label={`Forget: ${titleOf(name)}`}
                                                    pending={forget.isPending}
                                                    onClick={() => forget.mutate(name)}
                                                >
                                                    Forget
                                                </ActButton>
                                            )}
                                        </Td>
                                    )}
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                </div>
            </CardBody>
            {telling !== null && told && <Tell path={path} name={telling} trait={told} close={() => setTelling(null)} />}
        </Card>
    );
}
