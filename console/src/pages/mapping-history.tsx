// SPDX-License-Identifier: Apache-2.0
// What happened to one push mapping: the events of the system log that name it, and the newest requests that were sent for it.
import { DescriptionList, ExpandableSection, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { list } from '../api/client';
import type { App, Attempt, Mapping } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { ListBody, useList } from '../ui/list';
import { Loading, Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { Exchange } from '../ui/exchange';

interface LogEvent {
    uuid: string;
    published: string;
    eventType: string;
    displayMessage?: string | null;
    severity: string;
    actor?: { id: string; displayName?: string | null; alternateId?: string | null };
    outcome?: { result: string; reason?: string | null };
}

const KEPT_MS = 365 * 86_400_000;

export function MappingEvents({ mapping }: { mapping: Mapping }) {
    const [opened] = useState(() => Date.now());
    const state = useList<LogEvent>('/api/v1/logs', {
        sortOrder: 'DESCENDING',
        since: new Date(opened - KEPT_MS).toISOString(),
        filter: `target.id eq "${mapping.id}"`,
    });
    return (
        <ListBody state={state} what="events" empty={<Nothing title="No events are kept">The system log has nothing of this mapping any more.</Nothing>}>
            {(events) => (
                <Table aria-label="Events of the push mapping" variant="compact">
                    <Thead>
                        <Tr>
                            <Th className="muster-column-time">Time</Th>
                            <Th>Event</Th>
                            <Th>Who</Th>
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
                                    <Link to={`/system-log?days=365&q=${event.uuid}`}>{event.displayMessage ?? event.eventType}</Link>
                                    <div className="muster-subtle">{event.eventType}</div>
                                </Td>
                                <Td dataLabel="Who" className="muster-name">
                                    {event.actor?.displayName ?? event.actor?.alternateId ?? event.actor?.id}
                                </Td>
                                <Td dataLabel="Outcome" className="muster-name">
                                    {event.outcome?.result}
                                    <div className="muster-subtle">{event.outcome?.reason}</div>
                                </Td>
                            </Tr>
                        ))}
                    </Tbody>
                </Table>
            )}
        </ListBody>
    );
}

function OneAttempt({ attempt }: { attempt: Attempt }) {
    const failed = !attempt.status || attempt.status >= 400;
    const answer = attempt.status ? `HTTP ${attempt.status}` : 'no answer';
    return (
        <ExpandableSection
            toggleContent={
                <>
                    <Time iso={attempt.sent} />: {attempt.method} {attempt.path} <Label color={failed ? 'red' : 'green'}>{answer}</Label>
                </>
            }
            className="muster-break"
        >
            <DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: '10ch' }}>
                <Exchange attempt={attempt} />
            </DescriptionList>
        </ExpandableSection>
    );
}

export function MappingAttempts({ app, mapping }: { app: App; mapping: Mapping }) {
    const path = `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}/attempts`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => list<Attempt>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The requests cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the requests" />;
    if (data.items.length === 0) return <Nothing title="No requests are kept">Nothing was sent for this group yet, or long ago.</Nothing>;
    return (
        <section aria-label="Newest requests">
            {data.items.map((attempt, i) => (
                <OneAttempt key={`${attempt.sent} ${i}`} attempt={attempt} />
            ))}
        </section>
    );
}
