// SPDX-License-Identifier: Apache-2.0
// The newest tries to tell an event hook, and how each ended.
import { Button, Label, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useInfiniteQuery } from '@tanstack/react-query';
import { list } from '../api/client';
import type { EventHook, HookDelivery } from '../api/settings';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Loading, Nothing } from '../ui/states';
import { Time } from '../ui/time';

const OUTCOMES: Record<HookDelivery['outcome'], [string, 'green' | 'orange' | 'red']> = {
    DELIVERED: ['Delivered', 'green'],
    RETRYING: ['Failed, tried again', 'orange'],
    ABANDONED: ['Given up', 'red'],
};
const PAGE_ROWS = 50;

export function Deliveries({ hook, close }: { hook: EventHook; close: () => void }) {
    const path = `/api/v1/eventHooks/${hook.id}/deliveries`;
    const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
        queryKey: [path],
        queryFn: ({ signal, pageParam }) => list<HookDelivery>(path, { limit: PAGE_ROWS, after: pageParam }, signal),
        initialPageParam: null as string | null,
        getNextPageParam: (page) => page.next,
    });
    const rows = data?.pages.flatMap(({ items }) => items) ?? [];
    return (
        <Modal isOpen variant="large" aria-label="Deliveries" onClose={close}>
            <ModalHeader title="Deliveries" description={<span className="muster-break">{hook.name}: {hook.channel.config.uri}</span>} />
            <ModalBody tabIndex={0} aria-label="Deliveries">
                {error && <ErrorAlert error={error} title="The deliveries cannot be shown" retry={() => void refetch()} />}
                {!data && !error && <Loading what="the deliveries" />}
                {data && rows.length === 0 && (
                    <Nothing title="Nothing was delivered yet">
                        {hook.verificationStatus === 'VERIFIED' ? 'None of its events has happened since it was verified.' : 'It is told of what happens from its verification on.'}
                    </Nothing>
                )}
                {rows.length > 0 && (
                    <div className="muster-scroll-x">
                        <Table aria-label="Deliveries" variant="compact">
                            <Thead>
                                <Tr>
                                    <Th>Sent</Th>
                                    <Th>Events</Th>
                                    <Th>Try</Th>
                                    <Th>Outcome</Th>
                                </Tr>
                            </Thead>
                            <Tbody>
                                {rows.map((row) => (
                                    <Tr key={row.number}>
                                        <Td dataLabel="Sent">
                                            <Time iso={row.sent} />
                                        </Td>
                                        <Td dataLabel="Events">{row.events}</Td>
                                        <Td dataLabel="Try">{row.attempt}</Td>
                                        <Td dataLabel="Outcome" className="muster-name">
                                            <Label color={OUTCOMES[row.outcome][1]}>{OUTCOMES[row.outcome][0]}</Label>
                                            <div className="muster-subtle">
                                                {row.status ? `HTTP ${row.status}, ` : ''}
                                                {row.durationMs.toLocaleString()} ms{row.error ? `: ${row.error}` : ''}
                                            </div>
                                        </Td>
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    </div>
                )}
                {hasNextPage && (
                    <ActButton variant="secondary" pending={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                        Show more
                    </ActButton>
                )}
            </ModalBody>
            <ModalFooter>
                <Button variant="secondary" onClick={close}>
                    Close
                </Button>
            </ModalFooter>
        </Modal>
    );
}
