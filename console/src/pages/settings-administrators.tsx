// SPDX-License-Identifier: Apache-2.0
// Who may sign in to the console, and as what.
import { Button, Flex, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import { ROLE_NAMES, type Administrator } from '../api/settings';
import { useSession } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ListBody, useList } from '../ui/list';
import { ShownOnce } from '../ui/secret';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { AdministratorDialog } from './administrator-dialog';

const ADMINISTRATORS = '/api/v1/administrators';

export default function Administrators() {
    const toasts = useToasts();
    const { session } = useSession();
    const state = useList<Administrator>(ADMINISTRATORS);
    const [editing, setEditing] = useState<Administrator | 'new' | null>(null);
    const [linked, setLinked] = useState<Administrator | null>(null);
    const [removing, setRemoving] = useState<Administrator | null>(null);
    const reset = useMutation({
        mutationFn: (one: Administrator) => change<Administrator>('POST', `${ADMINISTRATORS}/${one.id}/reset`),
        onSuccess: setLinked,
        onError: (error) => toasts.failed('No link was made', error),
    });
    const invite = <Button onClick={() => setEditing('new')}>Invite administrator</Button>;
    return (
        <>
            <Toolbar>
                <ToolbarContent>
                    <ToolbarItem>{invite}</ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody state={state} what="administrators" empty={<Nothing title="There are no administrators" action={invite} />}>
                {(administrators) => (
                    <Table aria-label="Administrators" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>Name</Th>
                                <Th>Role</Th>
                                <Th>Status</Th>
                                <Th>Last sign-in</Th>
                                <Th screenReaderText="Actions" />
                            </Tr>
                        </Thead>
                        <Tbody>
                            {administrators.map((one) => (
                                <Tr key={one.id}>
                                    <Td dataLabel="Name" className="muster-name">
                                        <span>{one.name}</span>
                                        {one.id === session?.id && ' (you)'}
                                        <div className="muster-subtle">{one.email}</div>
                                    </Td>
                                    <Td dataLabel="Role">
                                        <Label>{ROLE_NAMES[one.role]}</Label>
                                    </Td>
                                    <Td dataLabel="Status">
                                        <Label color={one.status === 'ACTIVE' ? 'green' : 'orange'}>{one.status === 'ACTIVE' ? 'Active' : 'Invited'}</Label>
                                    </Td>
                                    <Td dataLabel="Last sign-in">
                                        <Time iso={one.lastSignIn} />
                                    </Td>
                                    <Td dataLabel="Actions" className="muster-actions">
                                        <Flex spaceItems={{ default: 'spaceItemsMd' }}>
                                            <Button variant="link" isInline aria-label={`Edit ${one.name}`} onClick={() => setEditing(one)}>
                                                Edit
                                            </Button>
                                            <ActButton variant="link" isInline aria-label={`New link for ${one.name}`} pending={reset.isPending} onClick={() => reset.mutate(one)}>
                                                New link
                                            </ActButton>
                                            <Button variant="link" isInline isDanger aria-label={`Remove ${one.name}`} onClick={() => setRemoving(one)}>
                                                Remove
                                            </Button>
                                        </Flex>
                                    </Td>
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
            {editing && (
                <AdministratorDialog
                    administrator={editing === 'new' ? null : editing}
                    close={() => setEditing(null)}
                    done={(one) => {
                        setEditing(null);
                        if (one.link) setLinked(one);
                        else toasts.done(`${one.name} is saved`);
                    }}
                />
            )}
            {linked?.link && (
                <ShownOnce
                    title="Link to sign in"
                    label="Link"
                    value={linked.link}
                    text={`Send ${linked.email} this link: it is shown this once, and works once, within an hour. It sets a password and signs in.`}
                    close={() => setLinked(null)}
                />
            )}
            {removing && (
                <Confirm
                    title="Remove this administrator?"
                    action="Remove administrator"
                    run={async () => {
                        await change('DELETE', `${ADMINISTRATORS}/${removing.id}`);
                        toasts.done(`${removing.name} is removed`);
                    }}
                    close={() => setRemoving(null)}
                >
                    <p className="muster-break">1 administrator, {removing.name}, is removed and signed out everywhere. What they did stays in the system log; API tokens stay too.</p>
                </Confirm>
            )}
        </>
    );
}
