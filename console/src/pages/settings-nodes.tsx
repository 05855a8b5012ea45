// SPDX-License-Identifier: Apache-2.0
// The processes that share the database, and whether this one can work.
import { Alert, Label, Stack, StackItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client';
import type { Node } from '../api/settings';
import { ErrorAlert } from '../ui/errors';
import { ListBody, useList } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';

const AGAIN_MS = 10_000; // that a node is lost changes nothing in the store, so that no event tells it

interface Ready {
    status: string;
    warning?: string;
    reason?: string;
}

export default function Nodes() {
    const ready = useQuery({ queryKey: ['/readyz'], queryFn: ({ signal }) => get<Ready>('/readyz', {}, signal), refetchInterval: AGAIN_MS });
    const state = useList<Node>('/api/v1/nodes');
    return (
        <Stack hasGutter>
            <StackItem>
                {ready.error ? (
                    <ErrorAlert error={ready.error} title="This server is not ready" retry={() => void ready.refetch()} />
                ) : (
                    ready.data && (
                        <Alert
                            variant={ready.data.warning ? 'warning' : 'success'}
                            isInline
                            component="p"
                            title={ready.data.warning ? 'This server is ready, with a warning' : 'This server is ready: it can read its store'}
                        >
                            {ready.data.warning}
                        </Alert>
                    )
                )}
            </StackItem>
            <StackItem>
                <ListBody
                    state={state}
                    what="nodes"
                    empty={
                        <Nothing title="This process is alone on its store">
                            Several can share a database of PostgreSQL: when one is lost, the others go on with its apps.
                        </Nothing>
                    }
                >
                    {(nodes) => (
                        <Table aria-label="Nodes" variant="compact">
                            <Thead>
                                <Tr>
                                    <Th>Name</Th>
                                    <Th>Status</Th>
                                    <Th>Version</Th>
                                    <Th>Groups of apps that it asks</Th>
                                    <Th>Started</Th>
                                    <Th>Last seen</Th>
                                </Tr>
                            </Thead>
                            <Tbody>
                                {nodes.map((node) => (
                                    <Tr key={node.name}>
                                        <Td dataLabel="Name" className="muster-name">
                                            {node.name}
                                        </Td>
                                        <Td dataLabel="Status">
                                            <Label color={node.status === 'ALIVE' ? 'green' : 'red'}>{node.status === 'ALIVE' ? 'Alive' : 'Lost'}</Label>
                                        </Td>
                                        <Td dataLabel="Version">{node.version}</Td>
                                        <Td dataLabel="Groups of apps that it asks">{node.leases.toLocaleString()}</Td>
                                        <Td dataLabel="Started">
                                            <Time iso={node.started} />
                                        </Td>
                                        <Td dataLabel="Last seen">
                                            <Time iso={node.lastSeen} />
                                        </Td>
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    )}
                </ListBody>
            </StackItem>
        </Stack>
    );
}
