// SPDX-License-Identifier: Apache-2.0
// How much may be taken away without an administrator, and how long the record is kept.
import { Stack, StackItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { get } from '../api/client';
import type { DeletionLimits, ImportSafeguard, RecordKeep, SameGroupPolicy } from '../api/settings';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';
import { DeletionLimitsForm } from './limits-deletions';
import { RecordForm, SafeguardForm, SameGroupForm } from './limits-forms';

// What is stored, in a form that begins anew when somebody else has changed it.
function Stored<T>({ path, what, children }: { path: string; what: string; children: (stored: T, path: string) => ReactNode }) {
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<T>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title={`The ${what} cannot be shown`} retry={() => void refetch()} />;
    if (!data) return <Loading what={`the ${what}`} />;
    return <div key={JSON.stringify(data)}>{children(data, path)}</div>;
}

export default function Limits() {
    return (
        <Stack hasGutter>
            <StackItem>
                <Stored<DeletionLimits> path="/api/v1/org/deletion-limits" what="deletion limits">
                    {(stored, path) => <DeletionLimitsForm stored={stored} path={path} />}
                </Stored>
            </StackItem>
            <StackItem>
                <Stored<ImportSafeguard> path="/api/v1/org/import-safeguard" what="import safeguard">
                    {(stored, path) => <SafeguardForm stored={stored} path={path} />}
                </Stored>
            </StackItem>
            <StackItem>
                <Stored<RecordKeep> path="/api/v1/org/record" what="times of the record">
                    {(stored, path) => <RecordForm stored={stored} path={path} />}
                </Stored>
            </StackItem>
            <StackItem>
                <Stored<SameGroupPolicy> path="/api/v1/org/same-group" what="policy">
                    {(stored, path) => <SameGroupForm stored={stored} path={path} />}
                </Stored>
            </StackItem>
        </Stack>
    );
}
