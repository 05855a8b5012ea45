// SPDX-License-Identifier: Apache-2.0
// What something would take away from apps, rehearsed by the server before it is done.
import { useQuery } from '@tanstack/react-query';
import { change } from '../api/client';
import { ErrorAlert } from './errors';
import { Loading } from './states';

interface Counts {
    deactivations: number;
    removals: number;
    groupDeletions: number;
    held: number;
    protected: number;
}

interface PlanAnswer extends Counts {
    complete: boolean;
    apps: (Counts & { appId: string; appLabel: string })[];
}

export interface Rehearsed {
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    path: string;
    body?: unknown;
}

export function counted(count: number, one: string, many: string): string {
    return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

function inWords(counts: Counts): string {
    return [
        counted(counts.deactivations, 'account is deactivated', 'accounts are deactivated'),
        counted(counts.removals, 'membership is removed', 'memberships are removed'),
        counted(counts.groupDeletions, 'group is deleted', 'groups are deleted'),
    ].join(', ');
}

export function Plan({ act }: { act: Rehearsed }) {
    const path = `${act.path}${act.path.includes('?') ? '&' : '?'}dryRun=true&limit=1`;
    const { data, error } = useQuery({
        queryKey: ['plan', act.method, path, act.body],
        queryFn: () => change<PlanAnswer>(act.method, path, act.body),
        gcTime: 0, // whoever asks again is not told what was counted before
        retry: false,
    });
    if (error) return <ErrorAlert error={error} title="What would become of it cannot be said" />;
    if (!data) return <Loading what="what would become of it" />;
    const few = data.complete ? '' : 'At least: ';
    return (
        <>
            <p role="status">
                {few}
                {inWords(data)} in {counted(data.apps.length, 'app', 'apps')}.
            </p>
            {data.apps.length > 1 && (
                <ul>
                    {data.apps.map((app) => (
                        <li key={app.appId} className="muster-break">
                            {app.appLabel}: {inWords(app)}
                        </li>
                    ))}
                </ul>
            )}
            {data.held > 0 && <p>{data.held.toLocaleString()} of it would be held by a deletion limit until somebody approves.</p>}
            {data.protected > 0 && <p>{data.protected.toLocaleString()} would stay, because they are protected.</p>}
        </>
    );
}
