// SPDX-License-Identifier: Apache-2.0
// The apps that a group gives to its members, and those that it is pushed to.
import { Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from 'react-router-dom';
import type { Group, Mapping } from '../api/types';
import { ListBody, useList } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';

interface GroupPush {
    appId: string;
    appLabel: string;
    appStatus: 'ACTIVE' | 'INACTIVE';
    assignment?: { priority: number; lastUpdated: string };
    mapping?: Mapping;
    assignedAndPushed: boolean;
}

const COLORS: Record<Mapping['status'], 'green' | 'grey' | 'red'> = { ACTIVE: 'green', INACTIVE: 'grey', ERROR: 'red' };
const TEXTS: Record<Mapping['status'], string> = { ACTIVE: 'Active', INACTIVE: 'Inactive', ERROR: 'Error' };
const ACTIVITIES: Record<Mapping['state']['activity'], string> = {
    idle: '',
    pending: 'Not pushed yet',
    pushing: 'Pushing…',
    retrying: 'Tried again by itself',
    paused: 'Paused',
    held: 'Held until somebody acts',
};

function Push({ push }: { push: GroupPush }) {
    const { mapping } = push;
    if (!mapping) return <>No</>;
    const here = `/applications/${push.appId}/push-groups`;
    return (
        <>
            <div className="muster-beside">
                <Label color={COLORS[mapping.status]}>{TEXTS[mapping.status]}</Label>
                <Link to={mapping.errorSummary ? `${here}?filter=errors&info=${mapping.id}` : `${here}?info=${mapping.id}`}>
                    {mapping.errorSummary ? 'Why, and what helps' : 'Information'}
                </Link>
                <Link to={`${here}/${mapping.id}`}>Members there</Link>
            </div>
            {push.assignedAndPushed && (
                <div>
                    <Link to="/troubleshoot/same-groups">Gives the app and is pushed: what that means</Link>
                </div>
            )}
            <div className="muster-subtle">
                {ACTIVITIES[mapping.state.activity]} {mapping.lastPush && <Time iso={mapping.lastPush} />}
            </div>
            {mapping.errorSummary && <div className="muster-break">{mapping.errorSummary}</div>}
        </>
    );
}

export default function GroupApps({ group }: { group: Group }) {
    const state = useList<GroupPush>(`/api/v1/groups/${group.id}/pushes`);
    return (
        <ListBody
            state={state}
            what="applications"
            empty={
                <Nothing title="No application has to do with this group" action={<Link to="/applications">Applications</Link>}>
                    Assign an application to it, then every member has it; or push it to an application under Push Groups there.
                </Nothing>
            }
        >
            {(pushes) => (
                <Table aria-label="Applications" variant="compact">
                    <Thead>
                        <Tr>
                            <Th>Application</Th>
                            <Th>Given to members</Th>
                            <Th width={40}>Pushed</Th>
                        </Tr>
                    </Thead>
                    <Tbody>
                        {pushes.map((push) => (
                            <Tr key={push.appId}>
                                <Td dataLabel="Application" className="muster-name">
                                    <Link to={`/applications/${push.appId}`}>{push.appLabel}</Link>{' '}
                                    {push.appStatus === 'INACTIVE' && <Label color="grey">Inactive</Label>}
                                </Td>
                                <Td dataLabel="Given to members">
                                    {push.assignment ? (
                                        <Link to={`/applications/${push.appId}/assignments?filter=groups`}>Yes, priority {push.assignment.priority + 1}</Link>
                                    ) : (
                                        'No'
                                    )}
                                </Td>
                                <Td dataLabel="Pushed" className="muster-name">
                                    <Push push={push} />
                                </Td>
                            </Tr>
                        ))}
                    </Tbody>
                </Table>
            )}
        </ListBody>
    );
}
