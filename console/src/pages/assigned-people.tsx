// SPDX-License-Identifier: Apache-2.0
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { change } from '../api/client';
import type { App, AppUser } from '../api/types';
import { useMay } from '../app/session';
import { AccountState } from '../ui/account';
import { Confirm } from '../ui/confirm';
import { ListBody, useList } from '../ui/list';
import { Plan } from '../ui/plan';
import { Nothing } from '../ui/states';
import { useToasts } from '../ui/toasts';
import { AssignDialog } from './assign-dialog';
import { whyAddress } from './why-address';

function nameOf(user: AppUser): string {
    const profile = user._embedded?.user?.profile;
    const name = [profile?.firstName, profile?.lastName].filter(Boolean).join(' ');
    return name || user.credentials.userName;
}

function Actions({ app, user }: { app: App; user: AppUser }) {
    const toasts = useToasts();
    const [open, setOpen] = useState(false);
    const [dialog, setDialog] = useState<'edit' | 'unassign' | null>(null);
    const name = nameOf(user);
    const path = `/api/v1/apps/${app.id}/users/${user.id}`;
    const convert = useMutation({
        mutationFn: (scope: 'USER' | 'GROUP') =>
            change<{ converted: number; skipped: { id: string; reason: string }[] }>('POST', `/api/v1/apps/${app.id}/assignments/convert`, {
                scope,
                userIds: [user.id],
            }),
        onSuccess: ({ converted, skipped }) =>
            converted > 0
                ? toasts.done(`The assignment of ${name} is converted`)
                : toasts.failed(
                      'Nothing was converted',
                      new Error(
                          skipped[0]?.reason === 'NO_GROUP'
                              ? `${name} is in no group that has ${app.label}`
                              : `${name} stays as is${skipped[0] ? `: ${skipped[0].reason}` : ''}`,
                      ),
                  ),
        onError: (error) => toasts.failed('Nothing was converted', error),
    });
    return (
        <>
            <Dropdown
                isOpen={open}
                onOpenChange={setOpen}
                shouldFocusFirstItemOnOpen
                shouldFocusToggleOnSelect
                onSelect={() => setOpen(false)}
                popperProps={{ position: 'right' }}
                toggle={(ref) => (
                    <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)} aria-label={`Actions on ${name}`}>
                        Actions
                    </MenuToggle>
                )}
            >
                <DropdownList>
                    <DropdownItem onClick={() => setDialog('edit')}>Edit assignment</DropdownItem>
                    {user.scope === 'USER' ? (
                        <DropdownItem onClick={() => convert.mutate('GROUP')}>Convert to group assignment</DropdownItem>
                    ) : (
                        <DropdownItem onClick={() => convert.mutate('USER')}>Convert to individual assignment</DropdownItem>
                    )}
                    <DropdownItem isDanger onClick={() => setDialog('unassign')}>
                        Unassign
                    </DropdownItem>
                </DropdownList>
            </Dropdown>
            {dialog === 'edit' && (
                <AssignDialog
                    app={app}
                    kind="people"
                    of={{ id: user.id, text: name }}
                    user={user}
                    profile={user.profile}
                    close={() => setDialog(null)}
                />
            )}
            {dialog === 'unassign' && (
                <Confirm
                    title={`Unassign ${app.label} from ${name}?`}
                    action="Unassign"
                    close={() => setDialog(null)}
                    run={async () => {
                        await change('DELETE', path);
                        toasts.done(`${app.label} is unassigned from ${name}`);
                    }}
                >
                    <Plan act={{ method: 'DELETE', path }} />
                </Confirm>
            )}
        </>
    );
}

export function AssignedPeople({ app, selected, select }: { app: App; selected: string[]; select: (ids: string[]) => void }) {
    const [params] = useSearchParams();
    const mayAssign = useMay('OPERATOR');
    const q = params.get('q') ?? undefined;
    const state = useList<AppUser>(`/api/v1/apps/${app.id}/users`, { q, expand: 'user' });
    return (
        <ListBody
            state={state}
            what="assigned people"
            empty={
                q ? (
                    <Nothing title="Nobody matches">Search by the beginning of a name.</Nothing>
                ) : (
                    <Nothing title="Nobody has this app yet">Assign it to people, or to groups: then every member has it.</Nothing>
                )
            }
        >
            {(users) => (
                <Table aria-label="Assigned people" variant="compact">
                    <Thead>
                        <Tr>
                            {mayAssign && (
                                <Th
                                    select={{
                                        isSelected: users.every(({ id }) => selected.includes(id)),
                                        onSelect: (_event, on) => select(on ? users.map(({ id }) => id) : []),
                                    }}
                                />
                            )}
                            <Th width={25}>Person</Th>
                            <Th width={25} modifier="wrap" className="muster-name">
                                User name in {app.label}
                            </Th>
                            <Th>Type</Th>
                            <Th width={25}>Account</Th>
                            {mayAssign && <Th screenReaderText="Actions" />}
                        </Tr>
                    </Thead>
                    <Tbody>
                        {users.map((user, rowIndex) => (
                            <Tr key={user.id}>
                                {mayAssign && (
                                    <Td
                                        select={{
                                            rowIndex,
                                            isSelected: selected.includes(user.id),
                                            onSelect: (_event, on) =>
                                                select(on ? [...selected, user.id] : selected.filter((id) => id !== user.id)),
                                        }}
                                    />
                                )}
                                <Td dataLabel="Person" className="muster-name">
                                    {nameOf(user)}
                                    <div className="muster-subtle">{user._embedded?.user?.profile.login}</div>
                                </Td>
                                <Td dataLabel={`User name in ${app.label}`} className="muster-name">
                                    {user.credentials.userName}
                                </Td>
                                <Td dataLabel="Type">{user.scope === 'GROUP' ? 'Group' : 'Individual'}</Td>
                                <Td dataLabel="Account">
                                    <AccountState account={user} />
                                    {user.syncState === 'ERROR' && (
                                        <Link to={whyAddress({ userId: user.id, appId: app.id })} aria-label={`Why: ${nameOf(user)}`}>
                                            Why?
                                        </Link>
                                    )}
                                </Td>
                                {mayAssign && (
                                    <Td>
                                        <Actions app={app} user={user} />
                                    </Td>
                                )}
                            </Tr>
                        ))}
                    </Tbody>
                </Table>
            )}
        </ListBody>
    );
}
