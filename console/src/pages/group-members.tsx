// SPDX-License-Identifier: Apache-2.0
import { Button, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { change } from '../api/client';
import type { Group, User } from '../api/types';
import { useMay } from '../app/session';
import { ListBody, Search, useList } from '../ui/list';
import { PersonStatus, personChoice, personName, personQuery } from '../ui/people';
import { PickMany } from '../ui/pick-many';
import { Nothing } from '../ui/states';
import { RemoveMember } from './remove-member';

function Members({ members, remove }: { members: User[]; remove?: (person: User) => void }) {
    return (
        <Table aria-label="Members" variant="compact">
            <Thead>
                <Tr>
                    <Th>Name</Th>
                    <Th>User name</Th>
                    <Th>Status</Th>
                    {remove && <Th screenReaderText="Actions" />}
                </Tr>
            </Thead>
            <Tbody>
                {members.map((person) => (
                    <Tr key={person.id}>
                        <Td dataLabel="Name" className="muster-name">
                            <Link to={`/people/${person.id}`}>{personName(person.profile)}</Link>
                        </Td>
                        <Td dataLabel="User name" className="muster-name">
                            {person.profile.login}
                        </Td>
                        <Td dataLabel="Status">
                            <PersonStatus status={person.status} />
                        </Td>
                        {remove && (
                            <Td isActionCell>
                                <Button variant="link" aria-label={`Remove ${personName(person.profile)}`} onClick={() => remove(person)}>
                                    Remove
                                </Button>
                            </Td>
                        )}
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}

export default function GroupMembers({ group }: { group: Group }) {
    const [params] = useSearchParams();
    const ofDirectory = group.type === 'OKTA_GROUP';
    const mayChange = useMay('OPERATOR') && ofDirectory;
    const [adding, setAdding] = useState(false);
    const [leaving, setLeaving] = useState<User | null>(null);
    const q = ofDirectory ? (params.get('q') ?? undefined) : undefined; // an app's group cannot be searched
    const state = useList<User>(`/api/v1/groups/${group.id}/users`, { q });
    const add = mayChange && (
        <Button variant="secondary" onClick={() => setAdding(true)}>
            Add people
        </Button>
    );
    return (
        <>
            {ofDirectory && (
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <ToolbarItem>
                            <Search label="Search members" placeholder="Beginning of a name" />
                        </ToolbarItem>
                        {add && <ToolbarItem>{add}</ToolbarItem>}
                    </ToolbarContent>
                </Toolbar>
            )}
            <ListBody
                state={state}
                what="members"
                empty={
                    q ? (
                        <Nothing title="No member matches">Search by the beginning of a first or last name, user name or e-mail address.</Nothing>
                    ) : (
                        <Nothing title="Nobody is in this group">
                            {ofDirectory ? 'Add people, or make a group rule that does.' : 'None of the people of the directory is known to be in it.'}
                        </Nothing>
                    )
                }
            >
                {(members) => <Members members={members} remove={mayChange ? setLeaving : undefined} />}
            </ListBody>
            {adding && (
                <PickMany<User>
                    title={`Add people to ${group.profile.name}`}
                    label="Person"
                    path="/api/v1/users"
                    query={personQuery}
                    choiceOf={personChoice}
                    none="Nobody has this in a name, user name or e-mail address."
                    run={(person) => change('PUT', `/api/v1/groups/${group.id}/users/${person.id}`)}
                    done={(count) => `${count.toLocaleString()} ${count === 1 ? 'person is' : 'people are'} added to ${group.profile.name}`}
                    close={() => setAdding(false)}
                />
            )}
            {leaving && <RemoveMember group={group} person={leaving} close={() => setLeaving(null)} />}
        </>
    );
}
