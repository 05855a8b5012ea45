// SPDX-License-Identifier: Apache-2.0
// The system log: what happened, newest first, and all that is recorded of one event.
import {
    Button,
    FormSelect,
    FormSelectOption,
    Label,
    Modal,
    ModalBody,
    ModalFooter,
    ModalHeader,
    PageSection,
    Toolbar,
    ToolbarContent,
    ToolbarItem,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { ListBody, Search, useList, useSetParams } from '../ui/list';
import { PageHead } from '../ui/page';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';

type Severity = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

interface LogEvent {
    uuid: string;
    published: string;
    eventType: string;
    displayMessage?: string | null;
    severity: Severity;
    actor?: { id: string; type: string; displayName?: string | null; alternateId?: string | null };
    outcome?: { result: string; reason?: string | null };
    target?: { id: string; type: string; displayName?: string | null; alternateId?: string | null }[] | null;
}

const DAY_MS = 86_400_000;
const DAYS: [string, string][] = [
    ['1', 'Last 24 hours'],
    ['7', 'Last 7 days'],
    ['30', 'Last 30 days'],
    ['365', 'Last year'],
];
const COLORS: Record<Severity, 'grey' | 'blue' | 'orange' | 'red'> = { DEBUG: 'grey', INFO: 'blue', WARN: 'orange', ERROR: 'red' };

function namesOf(event: LogEvent): string {
    return (event.target ?? []).map((target) => target.displayName ?? target.alternateId ?? target.id).join(', ');
}

function Detail({ event, close }: { event: LogEvent; close: () => void }) {
    return (
        <Modal isOpen variant="large" aria-label="Event" onClose={close}>
            <ModalHeader title={event.displayMessage ?? event.eventType} description={event.eventType} />
            <ModalBody>
                <pre className="muster-code" tabIndex={0} aria-label="Everything that is recorded of this event">
                    {JSON.stringify(event, null, 2)}
                </pre>
            </ModalBody>
            <ModalFooter>
                <Button variant="secondary" onClick={close}>
                    Close
                </Button>
            </ModalFooter>
        </Modal>
    );
}

export default function SystemLog() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [shown, setShown] = useState<LogEvent | null>(null);
    // As of when the page was opened, so that pages of one list belong together.
    const [opened] = useState(() => Date.now());
    const days = params.get('days') ?? '7';
    const filter = params.get('filter') === 'errors' ? 'severity eq "ERROR" or severity eq "WARN" or outcome.result eq "FAILURE"' : undefined;
    const state = useList<LogEvent>('/api/v1/logs', {
        sortOrder: 'DESCENDING',
        since: new Date(opened - (Number(days) || 7) * DAY_MS).toISOString(),
        q: params.get('q') ?? undefined,
        filter,
    });
    return (
        <>
            <PageHead title="System Log" />
            <PageSection isFilled>
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <ToolbarItem>
                            <Search label="Search the system log" placeholder="Words in the event" />
                        </ToolbarItem>
                        <ToolbarItem>
                            <FormSelect aria-label="Time" value={days} onChange={(_event, value) => setParams({ days: value })}>
                                {DAYS.map(([value, text]) => (
                                    <FormSelectOption key={value} value={value} label={text} />
                                ))}
                            </FormSelect>
                        </ToolbarItem>
                        <ToolbarItem>
                            <FormSelect
                                aria-label="Which events"
                                value={params.get('filter') ?? ''}
                                onChange={(_event, value) => setParams({ filter: value || null })}
                            >
                                <FormSelectOption value="" label="All events" />
                                <FormSelectOption value="errors" label="Warnings, errors and failures" />
                            </FormSelect>
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
                <ListBody
                    state={state}
                    what="events"
                    empty={<Nothing title="No events match">Take a longer time, other words, or all events.</Nothing>}
                >
                    {(events) => (
                        <Table aria-label="Events" variant="compact">
                            <Thead>
                                <Tr>
                                    <Th className="muster-column-time">Time</Th>
                                    <Th>Event</Th>
                                    <Th>Who</Th>
                                    <Th>On what</Th>
                                    <Th>Outcome</Th>
                                </Tr>
                            </Thead>
                            <Tbody>
                                {events.map((event) => (
                                    <Tr key={event.uuid}>
                                        <Td dataLabel="Time">
                                            <Time iso={event.published} />
                                        </Td>
                                        <Td dataLabel="Event" className="muster-name">
                                            <Button variant="link" isInline onClick={() => setShown(event)}>
                                                {event.displayMessage ?? event.eventType}
                                            </Button>
                                            <div className="muster-subtle">{event.eventType}</div>
                                        </Td>
                                        <Td dataLabel="Who" className="muster-name">
                                            {event.actor?.displayName ?? event.actor?.alternateId ?? event.actor?.id}
                                        </Td>
                                        <Td dataLabel="On what" className="muster-name">
                                            {namesOf(event)}
                                        </Td>
                                        <Td dataLabel="Outcome" className="muster-name">
                                            <Label color={COLORS[event.severity]}>{event.outcome?.result ?? event.severity}</Label>
                                            <div className="muster-subtle">{event.outcome?.reason}</div>
                                        </Td>
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    )}
                </ListBody>
            </PageSection>
            {shown && <Detail event={shown} close={() => setShown(null)} />}
        </>
    );
}
