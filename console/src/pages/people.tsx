// SPDX-License-Identifier: Apache-2.0
import { Button, FormSelect, FormSelectOption, PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import type { User } from '../api/types';
import { useMay } from '../app/session';
import { ListBody, Search, useList, useSetParams } from '../ui/list';
import { PageHead } from '../ui/page';
import { NOT_DEACTIVATED, PersonStatus, STATUSES, peopleWith, personName } from '../ui/people';
import { useSort } from '../ui/sort';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { CreatePerson } from './create-person';

const EVERYBODY = 'everybody';
const COLUMNS = ['profile.lastName', 'profile.login', 'status', 'lastUpdated'];

function searchOf(text: string, status: string): string {
    const conditions = peopleWith(text);
    if (status in STATUSES) conditions.push(`status eq "${status}"`);
    else if (status !== EVERYBODY) conditions.push(NOT_DEACTIVATED);
    // Without a condition the server leaves out who is deactivated.
    return conditions.join(' and ') || 'status pr';
}

export default function People() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [creating, setCreating] = useState(false);
    const mayCreate = useMay('OPERATOR');
    const sort = useSort(COLUMNS);
    const status = params.get('filter') ?? '';
    const state = useList<User>('/api/v1/users', { search: searchOf(params.get('q') ?? '', status), ...sort.query });
    const create = mayCreate && <Button onClick={() => setCreating(true)}>Add person</Button>;
    return (
        <>
            <PageHead title="People" actions={create} />
            <PageSection isFilled>
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <ToolbarItem>
                            <Search label="Search people" placeholder="Name, user name or e-mail" />
                        </ToolbarItem>
                        <ToolbarItem>
                            <FormSelect aria-label="Status" value={status} onChange={(_event, value) => setParams({ filter: value || null })}>
                                <FormSelectOption value="" label="All but deactivated" />
                                <FormSelectOption value={EVERYBODY} label="Everybody" />
                                {Object.entries(STATUSES).map(([value, [text]]) => (
                                    <FormSelectOption key={value} value={value} label={text} />
                                ))}
                            </FormSelect>
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
                <ListBody
                    state={state}
                    what="people"
                    empty={
                        state.narrowed ? (
                            <Nothing title="Nobody matches">Search by a part of a name, user name or e-mail address, or look at everybody.</Nothing>
                        ) : (
                            <Nothing title="There are no people yet" action={create}>
                                Add them one by one, or many at once from a file with muster import.
                            </Nothing>
                        )
                    }
                >
                    {(people) => (
                        <Table aria-label="People" variant="compact">
                            <Thead>
                                <Tr>
                                    <Th sort={sort.of('profile.lastName')}>Name</Th>
                                    <Th sort={sort.of('profile.login')}>User name</Th>
                                    <Th sort={sort.of('status')}>Status</Th>
                                    <Th className="muster-column-time" modifier="nowrap" sort={sort.of('lastUpdated')}>Last changed</Th>
                                </Tr>
                            </Thead>
                            <Tbody>
                                {people.map((person) => (
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
                                        <Td dataLabel="Last changed">
                                            <Time iso={person.lastUpdated} />
                                        </Td>
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    )}
                </ListBody>
            </PageSection>
            {creating && <CreatePerson close={() => setCreating(false)} />}
        </>
    );
}
