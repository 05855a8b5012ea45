// SPDX-License-Identifier: Apache-2.0
// What deletion limits hold back, in all apps.
import { Label, ToggleGroup, ToggleGroupItem, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link, useSearchParams } from 'react-router-dom';
import type { DeletionHold, HoldStatus } from '../api/holds';
import { ListBody, useList, useSetParams } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { HOLD_STATES, inWords } from './hold-words';

const FILTERS: [HoldStatus, string][] = [
    ['OPEN', 'To decide'],
    ['REJECTED', 'Rejected'],
    ['APPROVED', 'Approved'],
];

const NONE: Record<HoldStatus, [string, string]> = {
    OPEN: ['Nothing is held', 'When more would be taken away from an app at once than its deletion limits allow, it waits here.'],
    REJECTED: ['Nothing was rejected', 'What is rejected is not sent, and stays to be seen here.'],
    APPROVED: ['Nothing was approved', 'What is approved is sent as far as it is still wanted.'],
};

export default function Holds() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const filter = params.get('filter');
    const status: HoldStatus = filter === 'REJECTED' || filter === 'APPROVED' ? filter : 'OPEN';
    const state = useList<DeletionHold>('/api/v1/org/holds', { status });
    return (
        <>
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <ToolbarItem>
                        <ToggleGroup aria-label="Held changes">
                            {FILTERS.map(([value, text]) => (
                                <ToggleGroupItem
                                    key={value}
                                    text={text}
                                    buttonId={`filter-${value}`}
                                    isSelected={status === value}
                                    onChange={() => setParams({ filter: value === 'OPEN' ? null : value })}
                                />
                            ))}
                        </ToggleGroup>
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody state={state} what="held changes" empty={<Nothing title={NONE[status][0]}>{NONE[status][1]}</Nothing>}>
                {(holds) => (
                    <Table aria-label="Held changes" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>What</Th>
                                <Th>App</Th>
                                <Th>Why</Th>
                                <Th className="muster-column-time">Since</Th>
                                <Th>State</Th>
                            </Tr>
                        </Thead>
                        <Tbody>
                            {holds.map((hold) => (
                                <Tr key={hold.id}>
                                    <Td dataLabel="What" className="muster-name">
                                        <Link to={`/troubleshoot/held/${hold.appId}/${hold.id}`}>{inWords(hold)}</Link>
                                    </Td>
                                    <Td dataLabel="App" className="muster-name">
                                        {hold.appLabel}
                                    </Td>
                                    <Td dataLabel="Why" className="muster-name">
                                        {hold.reason}
                                    </Td>
                                    <Td dataLabel="Since">
                                        <Time iso={hold.opened} />
                                    </Td>
                                    <Td dataLabel="State">
                                        <Label color={HOLD_STATES[hold.status][1]}>{HOLD_STATES[hold.status][0]}</Label>
                                        {hold.decidedBy && <div className="muster-subtle muster-break">by {hold.decidedBy}</div>}
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
