// SPDX-License-Identifier: Apache-2.0
// The life cycle of a person. What is possible now, the server says with the person.
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import type { User } from '../api/types';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { Menu, type MenuEntry } from '../ui/menu';
import { personName } from '../ui/people';
import { Plan, type Rehearsed } from '../ui/plan';
import { useToasts } from '../ui/toasts';

// link of the person, what the menu says, what is said afterwards
const AT_ONCE: [string, string, string][] = [
    ['activate', 'Activate', 'is activated'],
    ['reactivate', 'Reactivate', 'is reactivated'],
    ['unsuspend', 'Unsuspend', 'is no longer suspended'],
    ['unlock', 'Unlock', 'is unlocked'],
];

type Dialog = 'suspend' | 'deactivate' | 'delete';
const TEXTS: Record<Dialog, { action: string; explained: string; done: string }> = {
    suspend: {
        action: 'Suspend',
        explained: 'Accounts and memberships in apps stay as they are. Nothing is sent for this person until somebody unsuspends them.',
        done: 'is suspended',
    },
    deactivate: {
        action: 'Deactivate',
        explained: 'All assignments of apps are revoked. Groups are kept, so that who is activated again has what they give.',
        done: 'is deactivated',
    },
    delete: { action: 'Delete', explained: 'The person, and what is recorded of requests about them, is gone for good.', done: 'is deleted' },
};

function actOf(dialog: Dialog, path: string): Rehearsed {
    return dialog === 'delete' ? { method: 'DELETE', path } : { method: 'POST', path: `${path}/lifecycle/${dialog}` };
}

export function PersonActions({ person }: { person: User }) {
    const toasts = useToasts();
    const navigate = useNavigate();
    const mayChange = useMay('OPERATOR');
    const [dialog, setDialog] = useState<Dialog | null>(null);
    const path = `/api/v1/users/${person.id}`;
    const name = personName(person.profile);
    const act = useMutation({
        mutationFn: ([link]: [string, string]) => change('POST', `${path}/lifecycle/${link}`),
        onSuccess: (_answer, [, done]) => toasts.done(`${name} ${done}`),
        onError: (error) => toasts.failed(`Not done for ${name}`, error),
    });
    if (!mayChange) return null;
    const open = (link: string) => person._links?.[link] !== undefined;
    const entries: MenuEntry[] = AT_ONCE.filter(([link]) => open(link)).map(([link, text, done]) => ({ text, run: () => act.mutate([link, done]) }));
    if (open('suspend')) entries.push({ text: 'Suspend', run: () => setDialog('suspend') });
    if (open('deactivate')) entries.push({ text: 'Deactivate', danger: true, run: () => setDialog('deactivate') });
    // Of anybody else it would deactivate, as published.
    if (person.status === 'DEPROVISIONED') entries.push({ text: 'Delete', danger: true, run: () => setDialog('delete') });
    return (
        <>
            <Menu label={`Actions on ${name}`} entries={entries} pending={act.isPending} />
            {dialog && (
                <Confirm
                    title={`${TEXTS[dialog].action} ${name}?`}
                    action={TEXTS[dialog].action}
                    danger={dialog !== 'suspend'}
                    close={() => setDialog(null)}
                    run={async () => {
                        const { method, path: where } = actOf(dialog, path);
                        await change(method, where);
                        toasts.done(`${name} ${TEXTS[dialog].done}`);
                        if (dialog === 'delete') navigate('/people');
                    }}
                >
                    <p>{TEXTS[dialog].explained}</p>
                    <Plan act={actOf(dialog, path)} />
                </Confirm>
            )}
        </>
    );
}
