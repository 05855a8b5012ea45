// SPDX-License-Identifier: Apache-2.0
// The groups of a person: by hand, by a rule or by an import.
import { Button, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { change } from '../api/client';
import type { Group, User } from '../api/types';
import { useMay } from '../app/session';
import { ListBody, useList } from '../ui/list';
import { groupChoice, groupQuery, personName } from '../ui/people';
import { PickMany } from '../ui/pick-many';
import { Nothing } from '../ui/states';
import { RemoveMember } from './remove-member';

export default function PersonGroups({ person }: { person: User }) {
    const mayChange = useMay('OPERATOR') && person.status !== 'DEPROVISIONED';
    const [adding, setAdding] = useState(false);
    const [leaving, setLeaving] = useState<Group | null>(null);
    const name = personName(person.profile);
    const state = useList<Group>(`/api/v1/users/${person.id}/groups`);
    const add = mayChange && (
        <Button variant="secondary" onClick={() => setAdding(true)}>
            Add to groups
        </Button>
    );
    return (
        <>
            {add && (
                <Toolbar>
                    <ToolbarContent>
                        <ToolbarItem>{add}</ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
            )}
            <ListBody state={state} what="groups" empty={<Nothing title={`${name} is in no group`}>Groups give apps, and are pushed to apps.</Nothing>}>
                {(groups) => (
                    <Table aria-label="Groups" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>Group</Th>
                                {mayChange && <Th screenReaderText="Actions" />}
                            </Tr>
                        </Thead>
                        <Tbody>
                            {groups.map((group) => (
                                <Tr key={group.id}>
                                    <Td dataLabel="Group" className="muster-name">
                                        <Link to={`/groups/${group.id}`}>{group.profile.name}</Link>
                                        <div className="muster-subtle">{group.profile.description}</div>
                                    </Td>
                                    {mayChange && (
                                        <Td isActionCell>
                                            <Button variant="link" aria-label={`Remove from ${group.profile.name}`} onClick={() => setLeaving(group)}>
                                                Remove
                                            </Button>
                                        </Td>
                                    )}
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
            {adding && (
                <PickMany<Group>
                    title={`Add ${name} to groups`}
                    label="Group"
                    path="/api/v1/groups"
                    query={groupQuery}
                    choiceOf={groupChoice}
                    none="No group has this in its name."
                    run={(group) => change('PUT', `/api/v1/groups/${group.id}/users/${person.id}`)}
                    done={(count) => `${name} is added to ${count} ${count === 1 ? 'group' : 'groups'}`}
                    close={() => setAdding(false)}
                />
            )}
            {leaving && <RemoveMember group={leaving} person={person} close={() => setLeaving(null)} />}
        </>
    );
}
