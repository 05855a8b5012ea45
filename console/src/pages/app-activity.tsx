// SPDX-License-Identifier: Apache-2.0
// Activity: what an app was asked and what it answered, newest first, as it happens.
import {
    Button,
    DescriptionList,
    FormSelect,
    FormSelectOption,
    Label,
    Modal,
    ModalBody,
    ModalFooter,
    ModalHeader,
    Toolbar,
    ToolbarContent,
    ToolbarItem,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { App, Attempt } from '../api/types';
import { Exchange, Row, answerOf } from '../ui/exchange';
import { ListBody, useList, useSetParams } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time, exactTime } from '../ui/time';
import { Capture } from './activity-capture';

const HOUR_MS = 3_600_000;
const TIMES: [string, string][] = [
    ['', 'All that is kept'],
    ['1', 'Last hour'],
    ['24', 'Last 24 hours'],
    ['168', 'Last 7 days'],
];

function Outcome({ attempt }: { attempt: Attempt }) {
    const color = attempt.errorClass ? 'red' : attempt.status && attempt.status < 300 ? 'green' : 'grey';
    return (
        <>
            <Label color={color}>{attempt.status ? `HTTP ${attempt.status}` : 'No answer'}</Label>
            {attempt.errorClass && <div className="muster-subtle">{attempt.errorClass}</div>}
        </>
    );
}

function Detail({ attempt, close }: { attempt: Attempt; close: () => void }) {
    return (
        <Modal isOpen variant="large" aria-label="Request and answer" onClose={close}>
            <ModalHeader title={`${attempt.method} ${attempt.path.split('?')[0] ?? ''}`} description={`Answer: ${answerOf(attempt)}`} />
            <ModalBody>
                <DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: '10ch' }}>
                    <Row term="Sent">{exactTime(attempt.sent)}</Row>
                    {attempt.errorClass && <Row term="Class of error">{attempt.errorClass}</Row>}
                    <Exchange attempt={attempt} />
                </DescriptionList>
                <p className="muster-subtle">
                    {attempt.captured
                        ? 'Kept in full, because somebody asked for that at the time.'
                        : 'Values are left out but for ids, user names and statuses. Answers are kept when something failed.'}
                </p>
            </ModalBody>
            <ModalFooter>
                <Button variant="secondary" onClick={close}>
                    Close
                </Button>
            </ModalFooter>
        </Modal>
    );
}

function Attempts({ attempts, show }: { attempts: Attempt[]; show: (attempt: Attempt) => void }) {
    return (
        <Table aria-label="Requests" variant="compact">
            <Thead>
                <Tr>
                    <Th className="muster-column-time">Sent</Th>
                    <Th>Request</Th>
                    <Th>Answer</Th>
                    <Th>Took</Th>
                </Tr>
            </Thead>
            <Tbody>
                {attempts.map((attempt, i) => (
                    <Tr key={`${attempt.sent} ${attempt.method} ${attempt.path} ${i}`}>
                        <Td dataLabel="Sent">
                            <Time iso={attempt.sent} />
                        </Td>
                        <Td dataLabel="Request" className="muster-name">
                            <Button variant="link" isInline onClick={() => show(attempt)}>
                                {attempt.method} {attempt.path}
                            </Button>
                            {attempt.captured && <div className="muster-subtle">Kept in full</div>}
                        </Td>
                        <Td dataLabel="Answer">
                            <Outcome attempt={attempt} />
                        </Td>
                        <Td dataLabel="Took">{attempt.durationMs.toLocaleString()} ms</Td>
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}

export default function Activity({ app }: { app: App }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [shown, setShown] = useState<Attempt | null>(null);
    // As of when the page was opened, so that pages of one list belong together.
    const [opened] = useState(() => Date.now());
    const hours = params.get('hours') ?? '';
    const failures = params.get('filter') === 'failures';
    const state = useList<Attempt>(`/api/v1/apps/${app.id}/attempts`, {
        failed: failures ? 'true' : undefined,
        since: Number(hours) ? new Date(opened - Number(hours) * HOUR_MS).toISOString() : undefined,
    });
    const empty = failures ? (
        <Nothing title="Nothing failed">Every request in this time was answered as it should be.</Nothing>
    ) : hours ? (
        <Nothing title="Nothing was asked in this time">Take a longer time.</Nothing>
    ) : (
        <Nothing title={`Nothing was asked of ${app.label} yet`}>
            Requests appear here as they are sent: when the app is assigned to somebody, or a group is pushed.
        </Nothing>
    );
    return (
        <>
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <ToolbarItem>
                        <FormSelect aria-label="Time" value={hours} onChange={(_event, value) => setParams({ hours: value || null })}>
                            {TIMES.map(([value, text]) => (
                                <FormSelectOption key={value} value={value} label={text} />
                            ))}
                        </FormSelect>
                    </ToolbarItem>
                    <ToolbarItem>
                        <FormSelect
                            aria-label="Which requests"
                            value={failures ? 'failures' : ''}
                            onChange={(_event, value) => setParams({ filter: value || null })}
                        >
                            <FormSelectOption value="" label="All requests" />
                            <FormSelectOption value="failures" label="Failures" />
                        </FormSelect>
                    </ToolbarItem>
                    <ToolbarItem>
                        <Capture app={app} />
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody state={state} what="requests" empty={empty}>
                {(attempts) => <Attempts attempts={attempts} show={setShown} />}
            </ListBody>
            {shown && <Detail attempt={shown} close={() => setShown(null)} />}
        </>
    );
}
