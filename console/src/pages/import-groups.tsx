// SPDX-License-Identifier: Apache-2.0
// The groups that an app is known to hold: those that are pushed to it, and those that imports found.
import { Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link, useSearchParams } from 'react-router-dom';
import type { App, Group } from '../api/types';
import { ListBody, Search, useList } from '../ui/list';
import { quoted } from '../ui/picker';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';

export function ImportGroups({ app }: { app: App }) {
    const [params] = useSearchParams();
    const q = params.get('q');
    const of = `source.id eq ${quoted(app.id)}`;
    const state = useList<Group>('/api/v1/groups', { search: q ? `${of} and profile.name co ${quoted(q)}` : of, sortBy: 'profile.name' });
    return (
        <>
            <Toolbar>
                <ToolbarContent>
                    <ToolbarItem>
                        <Search label="Search groups of the app" placeholder="A part of the name" />
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody
                state={state}
                what="groups of the app"
                empty={
                    q ? (
                        <Nothing title="No group matches">Search by a part of its name.</Nothing>
                    ) : (
                        <Nothing title={`No group of ${app.label} is known yet`}>
                            Refresh App Groups reads their names, Import Now their members too.
                        </Nothing>
                    )
                }
            >
                {(groups) => (
                    <Table aria-label="Groups of the app" variant="compact">
                        <Thead>
                            <Tr>
                                <Th width={60}>Group</Th>
                                <Th className="muster-column-time">Changed</Th>
                                <Th className="muster-column-time">Members changed</Th>
                            </Tr>
                        </Thead>
                        <Tbody>
                            {groups.map((group) => (
                                <Tr key={group.id}>
                                    <Td dataLabel="Group" className="muster-name">
                                        <Link to={`/groups/${group.id}`}>{group.profile.name}</Link>
                                        <div className="muster-subtle">{group.profile.description}</div>
                                    </Td>
                                    <Td dataLabel="Changed">
                                        <Time iso={group.lastUpdated} />
                                    </Td>
                                    <Td dataLabel="Members changed">
                                        <Time iso={group.lastMembershipUpdated} />
                                    </Td>
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
        </>
    );
}
