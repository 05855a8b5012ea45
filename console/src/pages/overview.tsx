// SPDX-License-Identifier: Apache-2.0
// The start page: what needs attention first, then how it goes. Before anything is pushed: how to begin.
import { PageSection, Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { list } from '../api/client';
import type { AppInStep } from '../api/overview';
import { ErrorAlert } from '../ui/errors';
import { PageHead } from '../ui/page';
import { Loading } from '../ui/states';
import { FirstSteps } from './first-steps';
import { Attention } from './overview-attention';
import { PauseAll } from './pause-all';

const Charts = lazy(() => import('./overview-charts'));
const APPS = '/api/v1/overview/apps';

export default function Overview() {
    const { data, error, refetch } = useQuery({
        queryKey: [APPS],
        queryFn: ({ signal }) => list<AppInStep>(APPS, {}, signal),
        meta: { calm: true },
    });
    const pushes = data && data.items.length > 0;
    return (
        <>
            <PageHead title="Overview" actions={<PauseAll />} />
            <PageSection isFilled>
                <Stack hasGutter>
                    {error && (
                        <StackItem>
                            <ErrorAlert error={error} title="The apps cannot be shown" retry={() => void refetch()} />
                        </StackItem>
                    )}
                    {data && !pushes && (
                        <StackItem>
                            <FirstSteps />
                        </StackItem>
                    )}
                    <StackItem>
                        <Attention quiet={!pushes} apps={data?.items ?? []} />
                    </StackItem>
                    {pushes && (
                        <StackItem>
                            <Suspense fallback={<Loading what="the charts" />}>
                                <Charts apps={data} />
                            </Suspense>
                        </StackItem>
                    )}
                </Stack>
            </PageSection>
        </>
    );
}
