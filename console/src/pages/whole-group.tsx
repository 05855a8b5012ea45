// SPDX-License-Identifier: Apache-2.0
// A pushed group as a whole: how many of its members are where they should be, what keeps the others, and who they are.
import { Button, FormSelect, FormSelectOption, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router-dom';
import { get } from '../api/client';
import type { Person, PersonKind, WholeGroup } from '../api/diagnosis';
import { Cause } from '../ui/checks';
import { ErrorAlert } from '../ui/errors';
import { ListBody, Search, useList, useSetParams } from '../ui/list';
import { Loading, Nothing } from '../ui/states';
import { DiagnosisDrawer } from './diagnosis';

const KINDS: Record<PersonKind, [string, 'green' | 'grey' | 'orange' | 'red' | 'blue']> = {
    PUSHED: ['Pushed', 'green'],
    NOT_ASSIGNED: ['Not assigned', 'orange'],
    INACTIVE: ['Inactive', 'grey'],
    SUSPENDED: ['Suspended', 'grey'],
    NOT_PROVISIONED: ['Not provisioned', 'orange'],
    REFUSED: ['Refused', 'red'],
    WAITING: ['Waiting', 'blue'],
    LEAVING: ['Being removed', 'blue'],
    HELD: ['Removal held', 'orange'],
    REMOVAL_REFUSED: ['Removal refused', 'red'],
    EXTRA: ['Not of the group', 'orange'],
};

export interface Pushed {
    appId: string;
    mappingId: string;
}

function pathOf({ appId, mappingId }: Pushed): string {
    return `/api/v1/apps/${encodeURIComponent(appId)}/group-push/mappings/${encodeURIComponent(mappingId)}/diagnosis`;
}

function Kinds({ whole }: { whole: WholeGroup }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const shown = params.get('state') ?? 'MEMBER';
    return (
        <FormSelect aria-label="State" value={shown} onChange={(_event, value) => setParams({ state: value === 'MEMBER' ? null : value })}>
            <FormSelectOption value="MEMBER" label={`All members (${whole.members.toLocaleString()})`} />
            {whole.people
                .filter(({ kind, count, wanted }) => wanted || count > 0 || kind === shown)
                .map(({ kind, count }) => (
                    <FormSelectOption key={kind} value={kind} label={`${KINDS[kind][0]} (${count.toLocaleString()})`} />
                ))}
        </FormSelect>
    );
}

function People({ pushed, whole }: { pushed: Pushed; whole: WholeGroup }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const kind = params.get('state') ?? 'MEMBER';
    const q = params.get('q') ?? undefined;
    const why = params.get('info');
    const state = useList<Person>(pathOf(pushed), { kind, q });
    return (
        <>
            <ListBody
                state={state}
                what="people"
                empty={
                    q ? (
                        <Nothing title="Nobody matches">Search by the beginning of a login, an e-mail address or a name.</Nothing>
                    ) : kind === 'MEMBER' ? (
                        <Nothing title="The group has no members">Whoever joins {whole.group.name} is pushed.</Nothing>
                    ) : (
                        <Nothing title="Nobody is in this state" />
                    )
                }
            >
                {(people) => (
                    <Table aria-label="People" variant="compact">
                        <Thead>
                            <Tr>
                                <Th width={30}>Person</Th>
                                <Th className="muster-column-time">State</Th>
                                <Th>Why</Th>
                                <Th screenReaderText="Checks" />
                            </Tr>
                        </Thead>
                        <Tbody>
                            {people.map((person) => (
                                <Tr key={person.id}>
                                    <Td dataLabel="Person" className="muster-name">
                                        {person.login}
                                    </Td>
                                    <Td dataLabel="State">
                                        <Label color={KINDS[person.kind][1]}>{KINDS[person.kind][0]}</Label>
                                    </Td>
                                    <Td dataLabel="Why" className="muster-name">
                                        {person.cause?.fact}
                                        {person.cause?.remedy && <div className="muster-subtle">{person.cause.remedy.words}</div>}
                                    </Td>
                                    <Td>
                                        <Button
                                            variant="secondary"
                                            size="sm"
                                            aria-label={`Why: ${person.login}`}
                                            onClick={() => setParams({ info: person.id })}
                                        >
                                            Why?
                                        </Button>
                                    </Td>
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
            {why && (
                <DiagnosisDrawer
                    question={{ ...pushed, userId: why }}
                    groupId={whole.group.id}
                    close={() => setParams({ info: null })}
                />
            )}
        </>
    );
}

export function WholeGroupView({ pushed }: { pushed: Pushed }) {
    const path = pathOf(pushed);
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<WholeGroup>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The group cannot be explained" retry={() => void refetch()} />;
    if (!data) return <Loading what="the members" />;
    const strangers = data.unknownToTheDirectory;
    return (
        <div className="muster-stack">
            {data.cause ? (
                <Cause check={data.cause} />
            ) : (
                <p role="status">
                    {data.pushed.toLocaleString()} of {data.members.toLocaleString()} members are in the group of {data.app.label}.
                </p>
            )}
            {strangers > 0 && (
                <p>
                    {strangers.toLocaleString()} {strangers === 1 ? 'member' : 'members'} there whom the directory does not know.
                </p>
            )}
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <ToolbarItem>
                        <Kinds whole={data} />
                    </ToolbarItem>
                    <ToolbarItem>
                        <Search label="Search people" placeholder="Beginning of a name" />
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <People pushed={pushed} whole={data} />
        </div>
    );
}
