// SPDX-License-Identifier: Apache-2.0
// Scans: when, how much was asked, what was found, and why one failed.
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ScanRun } from '../api/imports';
import type { App } from '../api/types';
import { ListBody, useList } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { RunLabel } from './import-runs';

export function DriftScans({ app }: { app: App }) {
    const state = useList<ScanRun>(`/api/v1/apps/${app.id}/drift/scans`, {}, 20);
    return (
        <ListBody
            state={state}
            what="scans"
            empty={<Nothing title={`${app.label} was not scanned yet`}>Scan Now reads what it holds, and changes nothing.</Nothing>}
        >
            {(scans) => (
                <Table aria-label="Scans" variant="compact">
                    <Thead>
                        <Tr>
                            <Th className="muster-column-time">When</Th>
                            <Th width={45}>Outcome</Th>
                            <Th>Read</Th>
                            <Th>Found</Th>
                        </Tr>
                    </Thead>
                    <Tbody>
                        {scans.map((scan) => (
                            <Tr key={scan.id}>
                                <Td dataLabel="When">
                                    <Time iso={scan.created} />
                                    {scan.scheduled && <div className="muster-subtle">by schedule</div>}
                                </Td>
                                <Td dataLabel="Outcome" className="muster-name">
                                    <RunLabel status={scan.status} />
                                    {scan.error && <div className="muster-break">{scan.error}</div>}
                                    {scan.errorClass && <div className="muster-subtle">{scan.errorClass}</div>}
                                </Td>
                                <Td dataLabel="Read">
                                    {scan.usersRead.toLocaleString()} users, {scan.groupsRead.toLocaleString()} groups
                                    <div className="muster-subtle">{scan.requests.toLocaleString()} requests</div>
                                </Td>
                                <Td dataLabel="Found">
                                    {scan.differences === undefined
                                        ? ''
                                        : `${scan.differences.toLocaleString()} different, ${(scan.new ?? 0).toLocaleString()} of them new`}
                                </Td>
                            </Tr>
                        ))}
                    </Tbody>
                </Table>
            )}
        </ListBody>
    );
}
