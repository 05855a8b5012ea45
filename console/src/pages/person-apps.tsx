// SPDX-License-Identifier: Apache-2.0
// The apps that a person has, how each account is doing, and trying again what failed.
import { Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { change } from '../api/client';
import type { App, AppUser, User } from '../api/types';
import { useMay } from '../app/session';
import { AccountState } from '../ui/account';
import { ActButton } from '../ui/act-button';
import { ListBody, useList } from '../ui/list';
import { personName } from '../ui/people';
import { Nothing } from '../ui/states';
import { AppStatus } from '../ui/status';
import { useToasts } from '../ui/toasts';
import { whyAddress } from './why-address';

interface AppOfPerson extends App {
    _embedded?: { user?: AppUser };
}

function PushPerson({ person }: { person: User }) {
    const toasts = useToasts();
    const name = personName(person.profile);
    const push = useMutation({
        mutationFn: () => change<{ accounts: number; groups: number }>('POST', `/api/v1/users/${person.id}/push`),
        onSuccess: ({ accounts, groups }) =>
            toasts.done(`${accounts} ${accounts === 1 ? 'account' : 'accounts'} and ${groups} pushed ${groups === 1 ? 'group' : 'groups'} of ${name} are looked at anew`),
        onError: (error) => toasts.failed(`Nothing was tried again for ${name}`, error),
    });
    return (
        <ActButton variant="secondary" pending={push.isPending} onClick={() => push.mutate()}>
            Push again everywhere
        </ActButton>
    );
}

export default function PersonApps({ person }: { person: User }) {
    const mayPush = useMay('OPERATOR');
    const name = personName(person.profile);
    const state = useList<AppOfPerson>('/api/v1/apps', { filter: `user.id eq "${person.id}"`, expand: `user/${person.id}` });
    return (
        <>
            {mayPush && (
                <Toolbar>
                    <ToolbarContent>
                        <ToolbarItem>
                            <PushPerson person={person} />
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
            )}
            <ListBody
                state={state}
                what="applications"
                empty={
                    <Nothing title={`${name} has no application`} action={<Link to="/applications">Applications</Link>}>
                        Assign one to a group of theirs, or to the person, on the application&apos;s page.
                    </Nothing>
                }
            >
                {(apps) => (
                    <Table aria-label="Applications" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>Application</Th>
                                <Th>User name there</Th>
                                <Th>Type</Th>
                                <Th width={35}>Account</Th>
                            </Tr>
                        </Thead>
                        <Tbody>
                            {apps.map((app) => {
                                const account = app._embedded?.user;
                                return (
                                    <Tr key={app.id}>
                                        <Td dataLabel="Application" className="muster-name">
                                            <Link to={`/applications/${app.id}/assignments?q=${encodeURIComponent(account?.credentials.userName ?? '')}`}>{app.label}</Link>{' '}
                                            {(app.status === 'INACTIVE' || app.paused) && <AppStatus app={app} />}
                                        </Td>
                                        <Td dataLabel="User name there" className="muster-name">
                                            {account?.credentials.userName}
                                        </Td>
                                        <Td dataLabel="Type">{account && (account.scope === 'GROUP' ? 'Group' : 'Individual')}</Td>
                                        <Td dataLabel="Account">
                                            {account ? <AccountState account={account} /> : <Label color="grey">Unknown</Label>}
                                            <Link to={whyAddress({ userId: person.id, appId: app.id })} aria-label={`Why: ${app.label}`}>
                                                Why?
                                            </Link>
                                        </Td>
                                    </Tr>
                                );
                            })}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
        </>
    );
}
