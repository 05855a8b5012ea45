// SPDX-License-Identifier: Apache-2.0
// Events of the system log, and what happened to one person, group or app.
import { Button, FormSelect, FormSelectOption, Label, Modal, ModalBody, ModalFooter, ModalHeader, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { ListBody, useList, useSetParams } from './list';
import { quoted } from './picker';
import { Nothing } from './states';
import { Time } from './time';

type Severity = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

export interface LogEvent {
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

function asWord(code: string): string {
    return code.charAt(0) + code.slice(1).toLowerCase();
}

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

// From when on, as the address says, and where that is chosen. As of when the page was opened, so that pages of one list
// belong together. The end lies ahead: with it a list that begins with the oldest ends, and holds what happens meanwhile.
export function useSince(preset: string): [since: string, choice: JSX.Element, until: string] {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [opened] = useState(() => Date.now());
    const days = params.get('days') ?? preset;
    const since = new Date(opened - (Number(days) || Number(preset)) * DAY_MS).toISOString();
    return [
        since,
        <FormSelect key="since" aria-label="Time" value={days} onChange={(_event, value) => setParams({ days: value })}>
            {DAYS.map(([value, text]) => (
                <FormSelectOption key={value} value={value} label={text} />
            ))}
        </FormSelect>,
        new Date(opened + DAY_MS).toISOString(),
    ];
}

export function EventTable({ events }: { events: LogEvent[] }) {
    const [shown, setShown] = useState<LogEvent | null>(null);
    return (
        <>
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
                                <Label color={COLORS[event.severity]}>{asWord(event.outcome?.result ?? event.severity)}</Label>
                                <div className="muster-subtle">{event.outcome?.reason}</div>
                            </Td>
                        </Tr>
                    ))}
                </Tbody>
            </Table>
            {shown && <Detail event={shown} close={() => setShown(null)} />}
        </>
    );
}

// What happened to `id`, or what it did.
export function History({ id, name }: { id: string; name: string }) {
    const [since, choose] = useSince('30');
    const filter = `target.id eq ${quoted(id)} or actor.id eq ${quoted(id)}`;
    const state = useList<LogEvent>('/api/v1/logs', { sortOrder: 'DESCENDING', since, filter });
    return (
        <>
            <Toolbar>
                <ToolbarContent>
                    <ToolbarItem>{choose}</ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody state={state} what="events" empty={<Nothing title={`Nothing is recorded of ${name} in this time`}>Look at a longer time.</Nothing>}>
                {(events) => <EventTable events={events} />}
            </ListBody>
        </>
    );
}
