// SPDX-License-Identifier: Apache-2.0
// Provisioning: how the app is reached, and what may be done there.
import { Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client';
import type { App, Connection } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';
import { ConnectionCard } from './provisioning-connection';
import { MappingCard } from './profile-mapping';
import { SwitchesCard } from './provisioning-switches';
import { TargetCard } from './provisioning-target';
import { VerifyCard } from './provisioning-verify';

export default function Provisioning({ app }: { app: App }) {
    const path = `/api/v1/apps/${app.id}/connections/default`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Connection>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The connection cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the connection" />;
    return (
        <Stack hasGutter>
            <StackItem>
                <ConnectionCard app={app} connection={data} />
            </StackItem>
            {data.status !== 'UNKNOWN' && (
                <StackItem>
                    <SwitchesCard app={app} />
                </StackItem>
            )}
            <StackItem>
                <MappingCard app={app} />
            </StackItem>
            <StackItem>
                <VerifyCard app={app} />
            </StackItem>
            <StackItem>
                <TargetCard app={app} />
            </StackItem>
        </Stack>
    );
}
