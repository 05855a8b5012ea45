// SPDX-License-Identifier: Apache-2.0
// Repairs or accepts differences, after saying what that does and what it takes away.
import { Form, FormGroup, TextArea } from '@patternfly/react-core';
import { useState } from 'react';
import { change } from '../api/client';
import { KINDS, REPAIRS, objectOf, type Difference, type DriftKind } from '../api/drift';
import type { App } from '../api/types';
import { Confirm } from '../ui/confirm';
import { Plan } from '../ui/plan';
import { useToasts } from '../ui/toasts';

const NAMED = 5; // differences that are named one by one

function counted(count: number): string {
    return `${count.toLocaleString()} ${count === 1 ? 'difference' : 'differences'}`;
}

function kindsOf(chosen: Difference[]): [DriftKind, number][] {
    const counts = new Map<DriftKind, number>();
    for (const { kind } of chosen) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return [...counts];
}

function Named({ chosen }: { chosen: Difference[] }) {
    return (
        <ul>
            {chosen.slice(0, NAMED).map((difference) => (
                <li key={difference.id} className="muster-break">
                    {KINDS[difference.kind]}: {objectOf(difference)}
                </li>
            ))}
            {chosen.length > NAMED && <li>and {(chosen.length - NAMED).toLocaleString()} more</li>}
        </ul>
    );
}

function Repair({ app, chosen, close }: { app: App; chosen: Difference[]; close: () => void }) {
    const toasts = useToasts();
    const path = `/api/v1/apps/${app.id}/drift/repair`;
    const body = { differenceIds: chosen.map(({ id }) => id) };
    return (
        <Confirm
            title={`Repair ${counted(chosen.length)}?`}
            action="Repair"
            close={close}
            run={async () => {
                await change('POST', path, body);
                toasts.done(`${counted(chosen.length)} ${chosen.length === 1 ? 'is' : 'are'} being repaired`);
            }}
        >
            <Named chosen={chosen} />
            <p>A repair pushes what is wanted at that moment:</p>
            <ul>
                {kindsOf(chosen).map(([kind, count]) => (
                    <li key={kind}>
                        {KINDS[kind]} ({count.toLocaleString()}): {REPAIRS[kind]}.
                    </li>
                ))}
            </ul>
            <Plan act={{ method: 'POST', path, body }} />
        </Confirm>
    );
}

function Accept({ app, chosen, close }: { app: App; chosen: Difference[]; close: () => void }) {
    const toasts = useToasts();
    const [note, setNote] = useState('');
    return (
        <Confirm
            title={`Accept ${counted(chosen.length)}?`}
            action="Accept"
            danger={false}
            close={close}
            run={async () => {
                await change('POST', `/api/v1/apps/${app.id}/drift/accept`, {
                    differenceIds: chosen.map(({ id }) => id),
                    ...(note ? { note } : {}),
                });
                toasts.done(`${counted(chosen.length)} ${chosen.length === 1 ? 'is' : 'are'} accepted`);
            }}
        >
            <Named chosen={chosen} />
            <p>Nothing is changed in the app or in the directory. Another value than the one that was found is a difference again.</p>
            <Form>
                <FormGroup label="Why it may stay so" fieldId="note">
                    <TextArea id="note" value={note} onChange={(_event, value) => setNote(value)} resizeOrientation="vertical" />
                </FormGroup>
            </Form>
        </Confirm>
    );
}

export function DriftAct({ act, ...props }: { app: App; act: 'repair' | 'accept'; chosen: Difference[]; close: () => void }) {
    return act === 'repair' ? <Repair {...props} /> : <Accept {...props} />;
}
