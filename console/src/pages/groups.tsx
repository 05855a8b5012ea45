// SPDX-License-Identifier: Apache-2.0
import { Button, FormSelect, FormSelectOption, PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import type { Group } from '../api/types';
import { useMay } from '../app/session';
import { GROUP_TYPES, GroupType } from '../ui/groups';
import { ListBody, Search, useList, useSetParams } from '../ui/list';
import { PageHead } from '../ui/page';
import { quoted } from '../ui/picker';
import { useSort } from '../ui/sort';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { GroupDialog } from './group-dialog';

const COLUMNS = ['profile.name', 'type', 'lastMembershipUpdated'];

function searchOf(text: string, type: string): string | undefined {
    const conditions = text ? [`(profile.name co ${quoted(text)} or profile.description co ${quoted(text)})`] : [];
    if (type in GROUP_TYPES) conditions.push(`type eq "${type}"`);
    return conditions.join(' and ') || undefined;
}

export default function Groups() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [creating, setCreating] = useState(false);
    const mayCreate = useMay('OPERATOR');
    const sort = useSort(COLUMNS);
    const type = params.get('filter') ?? '';
    const state = useList<Group>('/api/v1/groups', { search: searchOf(params.get('q') ?? '', type), expand: 'stats,app', ...sort.query });
    const create = mayCreate && <Button onClick={() => setCreating(true)}>Add group</Button>;
    return (
        <>
            <PageHead title="Groups" actions={create} />
            <PageSection isFilled>
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <ToolbarItem>
                            <Search label="Search groups" placeholder="Name or description" />
                        </ToolbarItem>
                        <ToolbarItem>
                            <FormSelect aria-label="Type" value={type} onChange={(_event, value) => setParams({ filter: value || null })}>
                                <FormSelectOption value="" label="All groups" />
                                <FormSelectOption value="OKTA_GROUP" label="Of the directory" />
                                <FormSelectOption value="APP_GROUP" label="Of apps" />
                            </FormSelect>
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
                <ListBody
                    state={state}
                    what="groups"
                    empty={
                        state.narrowed ? (
                            <Nothing title="No group matches">Search by a part of its name or description.</Nothing>
                        ) : (
                            <Nothing title="There are no groups yet" action={create}>
                                A group gives apps to its members, and can be pushed to apps.
                            </Nothing>
                        )
                    }
                >
                    {(groups) => (
                        <Table aria-label="Groups" variant="compact">
                            <Thead>
                                <Tr>
                                    <Th sort={sort.of('profile.name')}>Name</Th>
                                    <Th sort={sort.of('type')}>Type</Th>
                                    <Th modifier="nowrap">Members</Th>
                                    <Th modifier="nowrap">Apps</Th>
                                    <Th modifier="nowrap">Pushed to</Th>
                                    <Th className="muster-column-time" modifier="wrap" sort={sort.of('lastMembershipUpdated')}>
                                        Members changed
                                    </Th>
                                </Tr>
                            </Thead>
                            <Tbody>
                                {groups.map((group) => (
                                    <Tr key={group.id}>
                                        <Td dataLabel="Name" className="muster-name">
                                            <Link to={`/groups/${group.id}`}>{group.profile.name}</Link>
                                            <div className="muster-subtle">{group.profile.description}</div>
                                        </Td>
                                        <Td dataLabel="Type" className="muster-name">
                                            <GroupType type={group.type} />
                                            <div className="muster-subtle">{group._embedded?.app?.label}</div>
                                        </Td>
                                        <Td dataLabel="Members">{group._embedded?.stats?.usersCount.toLocaleString()}</Td>
                                        <Td dataLabel="Apps">{group._embedded?.stats?.appsCount.toLocaleString()}</Td>
                                        <Td dataLabel="Pushed to">{group._embedded?.stats?.groupPushMappingsCount.toLocaleString()}</Td>
                                        <Td dataLabel="Members changed">
                                            <Time iso={group.lastMembershipUpdated} />
                                        </Td>
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    )}
                </ListBody>
            </PageSection>
            {creating && <GroupDialog close={() => setCreating(false)} />}
        </>
    );
}
