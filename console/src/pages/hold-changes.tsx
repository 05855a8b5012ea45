// SPDX-License-Identifier: Apache-2.0
// The people and groups on a list that is held: what would be done, since when and by whom it is wanted, and one let go alone.
import { Button, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change } from '../api/client';
import type { DeletionHold, HeldChange } from '../api/holds';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { ListBody, useList, useSetParams } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { DiagnosisDrawer } from './diagnosis';

const DONE = { DEACTIVATION: 'Account deactivated', GROUP_DELETION: 'Group deleted', REMOVAL: 'Membership removed' };
const STATES = { HELD: ['Held', 'orange'], REJECTED: ['Rejected', 'grey'], PROTECTED: ['Protected', 'blue'] } as const;

function nameOf(each: HeldChange): string {
    if (each.kind === 'GROUP_DELETION') return each.targetGroupName ?? each.targetGroupId ?? 'A group';
    return each.login ?? each.userName ?? each.externalId ?? 'Somebody';
}

function Release({ hold, path, each }: { hold: DeletionHold; path: string; each: HeldChange }) {
    const toasts = useToasts();
    const [asking, setAsking] = useState(false);
    const name = nameOf(each);
    const which = each.userId
        ? { userId: each.userId }
        : each.kind === 'GROUP_DELETION'
          ? { targetGroupId: each.targetGroupId }
          : { externalId: each.externalId };
    return (
        <>
            <Button variant="secondary" size="sm" aria-label={`Release ${name}`} onClick={() => setAsking(true)}>
                Release
            </Button>
            {asking && (
                <Confirm
                    title={`Release ${name}?`}
                    action="Release"
                    close={() => setAsking(false)}
                    run={async () => {
                        await change('POST', `${path}/release`, which);
                        toasts.done(`${name} is released`);
                    }}
                >
                    <p>
                        {DONE[each.kind]} in {hold.appLabel}: what this list has of {name} is sent, if it is still wanted. The others stay held.
                    </p>
                </Confirm>
            )}
        </>
    );
}

// Who caused it stands in the checks of the person.
export function HeldChanges({ hold, path }: { hold: DeletionHold; path: string }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayDecide = useMay('ADMIN');
    const state = useList<HeldChange>(`${path}/changes`, { expand: 'reason' });
    const why = params.get('info');
    return (
        <>
            <ListBody
                state={state}
                what="changes"
                empty={<Nothing title="Nothing is left on this list">What was on it was sent, or is no longer wanted.</Nothing>}
            >
                {(changes) => (
                    <Table aria-label="Held changes of the list" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>Who or what</Th>
                                <Th>Would be done</Th>
                                <Th>Why</Th>
                                <Th className="muster-column-time">Wanted since</Th>
                                <Th>State</Th>
                                <Th screenReaderText="Actions" />
                            </Tr>
                        </Thead>
                        <Tbody>
                            {changes.map((each) => (
                                <Tr key={`${each.kind} ${each.userId ?? each.externalId ?? ''} ${each.targetGroupId ?? ''}`}>
                                    <Td dataLabel="Who or what" className="muster-name">
                                        {nameOf(each)}
                                    </Td>
                                    <Td dataLabel="Would be done" className="muster-name">
                                        {DONE[each.kind]}
                                        {each.kind === 'REMOVAL' && each.targetGroupName && ` from ${each.targetGroupName}`}
                                    </Td>
                                    <Td dataLabel="Why" className="muster-name">
                                        {each.reason?.fact}
                                        {each.reason?.by && <div className="muster-subtle">by {each.reason.by}</div>}
                                    </Td>
                                    <Td dataLabel="Wanted since">
                                        <Time iso={each.since} />
                                    </Td>
                                    <Td dataLabel="State">
                                        <Label color={STATES[each.state][1]}>{STATES[each.state][0]}</Label>
                                    </Td>
                                    <Td>
                                        <span className="muster-status">
                                            {each.userId && (
                                                <Button
                                                    variant="secondary"
                                                    size="sm"
                                                    aria-label={`Why: ${nameOf(each)}`}
                                                    onClick={() => setParams({ info: each.userId ?? null })}
                                                >
                                                    Why?
                                                </Button>
                                            )}{' '}
                                            {mayDecide && hold.status !== 'APPROVED' && <Release hold={hold} path={path} each={each} />}
                                        </span>
                                    </Td>
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
            {why && <DiagnosisDrawer question={{ appId: hold.appId, userId: why }} close={() => setParams({ info: null })} />}
        </>
    );
}
