// SPDX-License-Identifier: Apache-2.0
// Groups that give an app and are pushed to it: what that means here, and the two ways to part them.
import { Alert, FormSelect, FormSelectOption, Label, Title, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { change, get, list } from '../api/client';
import type { GroupSeparation, SameGroup, Solution } from '../api/separations';
import { useMay } from '../app/session';
import { ErrorAlert } from '../ui/errors';
import { ListBody, useList } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { SEPARATION_STATES } from './separation-states';

type Policy = 'ALLOW' | 'WARN' | 'REFUSE';
const POLICIES: [Policy, string][] = [
    ['ALLOW', 'Allow it'],
    ['WARN', 'Allow it, with a warning in the system log'],
    ['REFUSE', 'Refuse it from now on'],
];
const NEWEST = 20;

// What the organisation wants, and what one group for both means here.
function Meaning() {
    const toasts = useToasts();
    const mayChoose = useMay('ADMIN');
    const path = '/api/v1/org/same-group';
    const { data } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => get<{ policy: Policy; meaning: string }>(path, {}, signal),
    });
    const choose = useMutation({
        mutationFn: (policy: string) => change('PUT', path, { policy }),
        onSuccess: () => toasts.done('The rule for one group for both is changed'),
        onError: (error) => toasts.failed('The rule is as it was', error),
    });
    if (!data) return null;
    return (
        <>
            <Alert variant="info" isInline component="p" title="One group for assignment and for push">
                {data.meaning}
            </Alert>
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <ToolbarItem alignSelf="center">
                        <label htmlFor="same-group-policy">When one group becomes both</label>
                    </ToolbarItem>
                    <ToolbarItem>
                        <FormSelect
                            id="same-group-policy"
                            value={choose.isPending ? choose.variables : data.policy}
                            isDisabled={!mayChoose}
                            onChange={(_event, policy) => choose.mutate(policy)}
                        >
                            {POLICIES.map(([value, text]) => (
                                <FormSelectOption key={value} value={value} label={text} />
                            ))}
                        </FormSelect>
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>
        </>
    );
}

function separate(same: SameGroup, solution: Solution): string {
    return `/troubleshoot/same-groups/separate?${new URLSearchParams({ app: same.appId, group: same.groupId, solution }).toString()}`;
}

function Separations() {
    const path = '/api/v1/org/separations';
    const query = { limit: NEWEST };
    const { data, error, refetch } = useQuery({
        queryKey: [path, query],
        queryFn: ({ signal }) => list<GroupSeparation>(path, query, signal),
    });
    if (error) return <ErrorAlert error={error} title="What was parted cannot be shown" retry={() => void refetch()} />;
    if (!data || data.items.length === 0) return null;
    return (
        <>
            <Title headingLevel="h2">Parted groups, the newest first</Title>
            <div className="muster-scroll-x">
                <Table aria-label="Parted groups" variant="compact">
                    <Thead>
                        <Tr>
                            <Th>Group</Th>
                            <Th>App</Th>
                            <Th>New group</Th>
                            <Th className="muster-column-time">Begun</Th>
                            <Th>State</Th>
                        </Tr>
                    </Thead>
                    <Tbody>
                        {data.items.map((each) => (
                            <Tr key={each.id}>
                                <Td dataLabel="Group" className="muster-name">
                                    <Link to={`/troubleshoot/same-groups/${each.appId}/${each.id}`}>{each.group?.name ?? 'A deleted group'}</Link>
                                </Td>
                                <Td dataLabel="App" className="muster-name">
                                    {each.appLabel}
                                </Td>
                                <Td dataLabel="New group" className="muster-name">
                                    {each.newGroup?.name} <span className="muster-subtle">for the {each.solution === 'PUSH' ? 'push' : 'assignment'}</span>
                                </Td>
                                <Td dataLabel="Begun">
                                    <Time iso={each.created} />
                                </Td>
                                <Td dataLabel="State">
                                    <Label color={SEPARATION_STATES[each.status][1]}>{SEPARATION_STATES[each.status][0]}</Label>
                                </Td>
                            </Tr>
                        ))}
                    </Tbody>
                </Table>
            </div>
        </>
    );
}

export default function SameGroups() {
    const mayPart = useMay('OPERATOR');
    const state = useList<SameGroup>('/api/v1/org/same-groups');
    return (
        <div className="muster-stack">
            <Meaning />
            <ListBody
                state={state}
                what="groups for both"
                empty={<Nothing title="No group is used for both">No app is assigned to a group that is pushed to it.</Nothing>}
            >
                {(groups) => (
                    <Table aria-label="Groups for assignment and push" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>Group</Th>
                                <Th>App</Th>
                                {mayPart && <Th>Part it</Th>}
                            </Tr>
                        </Thead>
                        <Tbody>
                            {groups.map((each) => (
                                <Tr key={each.mappingId}>
                                    <Td dataLabel="Group" className="muster-name">
                                        <Link to={`/applications/${each.appId}/push-groups/${each.mappingId}`}>{each.groupName}</Link>
                                    </Td>
                                    <Td dataLabel="App" className="muster-name">
                                        <Link to={`/applications/${each.appId}`}>{each.appLabel}</Link>
                                    </Td>
                                    {mayPart && (
                                        <Td dataLabel="Part it">
                                            <Link to={separate(each, 'ASSIGNMENT')} aria-label={`New group for the assignment of ${each.groupName}`}>
                                                New group for the assignment
                                            </Link>
                                            <br />
                                            <Link to={separate(each, 'PUSH')} aria-label={`New group for the push of ${each.groupName}`}>
                                                New group for the push
                                            </Link>
                                        </Td>
                                    )}
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
            <Separations />
        </div>
    );
}
