// SPDX-License-Identifier: Apache-2.0
// Past imports: when, what was read, what came of it, and why one failed.
import { Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { stepOf, type ImportRun, type RunStatus } from '../api/imports';
import type { App } from '../api/types';
import { ListBody, useList } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';

const COLORS: Partial<Record<RunStatus, 'green' | 'red' | 'grey' | 'orange'>> = {
    COMPLETED: 'green',
    FAILED: 'red',
    CANCELLED: 'grey',
    HELD: 'orange',
};

export function RunLabel({ status }: { status: RunStatus }) {
    return <Label color={COLORS[status] ?? 'blue'}>{stepOf(status)}</Label>;
}

function counts(parts: [number, string][]): string {
    const said = parts.filter(([count]) => count > 0).map(([count, text]) => `${count.toLocaleString()} ${text}`);
    return said.length > 0 ? said.join(', ') : 'nothing new';
}

function Came({ run }: { run: ImportRun }) {
    const { users, groups, memberships } = run;
    return (
        <>
            {run.type === 'ALL' && (
                <div>
                    {users.read.toLocaleString()} users:{' '}
                    {counts([
                        [users.created, 'new'],
                        [users.updated, 'changed'],
                        [users.confirmed, 'confirmed'],
                        [users.removed, 'gone'],
                    ])}
                </div>
            )}
            <div>
                {groups.read.toLocaleString()} groups:{' '}
                {counts([
                    [groups.created, 'new'],
                    [groups.updated, 'changed'],
                    [groups.removed, 'gone'],
                ])}
            </div>
            {run.type === 'ALL' && (
                <div>
                    {memberships.read.toLocaleString()} memberships:{' '}
                    {counts([
                        [memberships.added, 'new'],
                        [memberships.removed, 'gone'],
                    ])}
                </div>
            )}
        </>
    );
}

export function ImportRuns({ app }: { app: App }) {
    const state = useList<ImportRun>(`/api/v1/apps/${app.id}/imports`, {}, 20);
    return (
        <ListBody
            state={state}
            what="imports"
            empty={<Nothing title="Nothing was imported yet">Import Now reads the users, groups and memberships of {app.label}.</Nothing>}
        >
            {(runs) => (
                <Table aria-label="Past imports" variant="compact">
                    <Thead>
                        <Tr>
                            <Th className="muster-column-time">When</Th>
                            <Th>What</Th>
                            <Th width={35}>Outcome</Th>
                            <Th width={35}>Read</Th>
                        </Tr>
                    </Thead>
                    <Tbody>
                        {runs.map((run) => (
                            <Tr key={run.id}>
                                <Td dataLabel="When">
                                    <Time iso={run.created} />
                                </Td>
                                <Td dataLabel="What">
                                    {run.type === 'ALL' ? 'Users and groups' : 'Names of groups'}
                                    {run.scheduled && <div className="muster-subtle">by schedule</div>}
                                </Td>
                                <Td dataLabel="Outcome" className="muster-name">
                                    <RunLabel status={run.status} />
                                    {run.error && <div className="muster-break">{run.error}</div>}
                                    {run.errorClass && <div className="muster-subtle">{run.errorClass}</div>}
                                </Td>
                                <Td dataLabel="Read">
                                    <Came run={run} />
                                </Td>
                            </Tr>
                        ))}
                    </Tbody>
                </Table>
            )}
        </ListBody>
    );
}
