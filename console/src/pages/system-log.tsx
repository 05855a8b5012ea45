// SPDX-License-Identifier: Apache-2.0
// The system log: what happened, newest or oldest first, and all that is recorded of one event.
import { FormSelect, FormSelectOption, PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useSearchParams } from 'react-router-dom';
import { EventTable, useSince, type LogEvent } from '../ui/events';
import { ListBody, Search, useList, useSetParams } from '../ui/list';
import { PageHead } from '../ui/page';
import { Nothing } from '../ui/states';

export default function SystemLog() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [since, chooseTime, until] = useSince('7');
    const oldestFirst = params.get('order') === 'oldest';
    const filter = params.get('filter') === 'errors' ? 'severity eq "ERROR" or severity eq "WARN" or outcome.result eq "FAILURE"' : undefined;
    const state = useList<LogEvent>('/api/v1/logs', {
        sortOrder: oldestFirst ? 'ASCENDING' : 'DESCENDING',
        until: oldestFirst ? until : undefined,
        since,
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
                            {chooseTime}
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
                        <ToolbarItem>
                            <FormSelect aria-label="Order" value={oldestFirst ? 'oldest' : ''} onChange={(_event, value) => setParams({ order: value || null })}>
                                <FormSelectOption value="" label="Newest first" />
                                <FormSelectOption value="oldest" label="Oldest first" />
                            </FormSelect>
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
                <ListBody
                    state={state}
                    what="events"
                    empty={<Nothing title="No events match">Take a longer time, other words, or all events.</Nothing>}
                >
                    {(events) => <EventTable events={events} />}
                </ListBody>
            </PageSection>
        </>
    );
}
