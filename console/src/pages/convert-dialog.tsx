// SPDX-License-Identifier: Apache-2.0
// Converts assignments, individual to those of a group or back: of people who were selected, or of everybody. Counted first.
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Radio } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { App } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { useToasts } from '../ui/toasts';

type Scope = 'USER' | 'GROUP';

interface Counted {
    looked: number;
    complete: boolean;
    toConvert: number;
    unchanged: number;
    withoutGroup: number;
}

interface Converted {
    converted: number;
    unchanged: number;
    skipped: { id: string; reason: string }[];
}

const REASONS: Record<string, string> = {
    NO_GROUP: 'in no group that has the app',
    NOT_ASSIGNED: 'without the app',
    INACTIVE: 'not active',
};

function assignments(count: number): string {
    return `${count.toLocaleString()} ${count === 1 ? 'assignment' : 'assignments'}`;
}

function skippedInWords(skipped: Converted['skipped']): string {
    const counts = new Map<string, number>();
    for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return [...counts].map(([reason, count]) => `${count.toLocaleString()} ${REASONS[reason] ?? reason}`).join(', ');
}

// How many of all that would be, without doing it.
function Count({ path, scope }: { path: string; scope: Scope }) {
    const body = { scope, all: true };
    const { data, error } = useQuery({
        queryKey: [path, body],
        queryFn: () => change<Counted>('POST', `${path}?dryRun=true`, body),
        gcTime: 0, // whoever asks again is not told what was counted before
        retry: false,
    });
    if (error) return <ErrorAlert error={error} title="They cannot be counted" />;
    if (!data) return null;
    return (
        <p role="status">
            {!data.complete && 'At least: '}
            {assignments(data.toConvert)} would be converted
            {data.withoutGroup > 0 && `; ${data.withoutGroup.toLocaleString()} would stay, in no group that has the app`}.
        </p>
    );
}

export function ConvertDialog({ app, selected, close }: { app: App; selected: string[]; close: () => void }) {
    const toasts = useToasts();
    const [scope, setScope] = useState<Scope>('GROUP');
    const [all, setAll] = useState(selected.length === 0);
    const path = `/api/v1/apps/${app.id}/assignments/convert`;
    const convert = useMutation({
        mutationFn: () => change<Partial<Converted> & Partial<Counted>>('POST', path, all ? { scope, all: true } : { scope, userIds: selected }),
        onSuccess: ({ converted, skipped = [], toConvert }) => {
            toasts.done(`${assignments(converted ?? toConvert ?? 0)} converted`);
            if (skipped.length > 0) toasts.failed(`${assignments(skipped.length)} not converted`, new Error(skippedInWords(skipped)));
            close();
        },
    });
    const radio = (name: string, id: string, label: string, isChecked: boolean, choose: () => void, isDisabled = false) => (
        <Radio id={id} name={name} label={label} isChecked={isChecked} isDisabled={isDisabled} onChange={choose} />
    );
    return (
        <Modal isOpen variant="small" aria-label="Convert assignments" onClose={close}>
            <ModalHeader title="Convert assignments" description={app.label} />
            <ModalBody>
                <Form
                    id="convert"
                    onSubmit={(event) => {
                        event.preventDefault();
                        convert.mutate();
                    }}
                >
                    <ErrorAlert error={convert.error} title="Nothing was converted" />
                    <FormGroup role="radiogroup" label="Convert" fieldId="convert-scope">
                        {radio('scope', 'to-group', 'individual assignments to those of a group', scope === 'GROUP', () => setScope('GROUP'))}
                        {radio('scope', 'to-user', 'assignments of groups to individual ones', scope === 'USER', () => setScope('USER'))}
                    </FormGroup>
                    <FormGroup role="radiogroup" label="Of" fieldId="convert-whom">
                        {radio('whom', 'of-selected', `the ${selected.length} who are selected`, !all, () => setAll(false), selected.length === 0)}
                        {radio('whom', 'of-all', 'everybody who has the app', all, () => setAll(true))}
                    </FormGroup>
                    <p>Nobody loses the app by this. What the assignment says of attributes holds then.</p>
                    {all && <Count path={path} scope={scope} />}
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="convert" pending={convert.isPending}>
                    Convert
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
