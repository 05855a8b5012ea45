// SPDX-License-Identifier: Apache-2.0
// Import: what an app holds is read, its users are matched with the directory, and who is not sure is confirmed here.
import { Button, Flex, Stack, StackItem, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change, get, list } from '../api/client';
import { isOpenRun, workOfImport, type ImportRun, type Safeguard } from '../api/imports';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { useSetParams } from '../ui/list';
import { Plan } from '../ui/plan';
import { WorkProgress } from '../ui/progress';
import { useToasts } from '../ui/toasts';
import { ImportGroups } from './import-groups';
import { ImportRuns } from './import-runs';
import { ImportSettings } from './import-settings';
import { ImportUsers } from './import-users';

const VIEWS: [string, string][] = [
    ['', 'Users'],
    ['groups', 'Groups'],
    ['past', 'Past imports'],
    ['settings', 'Settings'],
];

function HeldBy({ safeguard }: { safeguard: Safeguard | undefined }) {
    if (!safeguard) return null;
    return (
        <p>
            The import safeguard holds what would take the app from more than {safeguard.app.percent} % of those who have it, or end more
            than {safeguard.organization.percent} % of all assignments.
        </p>
    );
}

function Approve({ app, run, close }: { app: App; run: ImportRun; close: () => void }) {
    const toasts = useToasts();
    const path = `/api/v1/apps/${app.id}/imports/${run.id}/approve`;
    const { data } = useQuery({
        queryKey: ['/api/v1/org/import-safeguard'],
        queryFn: ({ signal }) => get<Safeguard>('/api/v1/org/import-safeguard', {}, signal),
    });
    return (
        <Confirm
            title="Let this import go on?"
            action="Approve"
            close={close}
            run={async () => {
                await change('POST', path);
                toasts.done('The import goes on');
            }}
        >
            <HeldBy safeguard={data} />
            <p>
                {run.differences.found.toLocaleString()} {run.differences.found === 1 ? 'difference was' : 'differences were'} found. Who is
                no longer in the app, and has it individually, loses it.
            </p>
            <Plan act={{ method: 'POST', path }} />
        </Confirm>
    );
}

// The import that goes on, or waits.
function OpenRun({ app, run }: { app: App; run: ImportRun }) {
    const toasts = useToasts();
    const mayCancel = useMay('OPERATOR');
    const mayApprove = useMay('ADMIN');
    const [approving, setApproving] = useState(false);
    const cancel = useMutation({
        mutationFn: () => change('POST', `/api/v1/apps/${app.id}/imports/${run.id}/cancel`),
        onSuccess: () => toasts.done('The import is cancelled; nothing was changed'),
        onError: (error) => toasts.failed('Not cancelled', error),
    });
    return (
        <WorkProgress work={workOfImport(run, app.label)}>
            <Flex>
                {run.status === 'HELD' && mayApprove && (
                    <Button variant="secondary" onClick={() => setApproving(true)}>
                        Review and approve
                    </Button>
                )}
                {run.status !== 'APPLYING' && mayCancel && (
                    <ActButton variant="link" pending={cancel.isPending} onClick={() => cancel.mutate()}>
                        Cancel the import
                    </ActButton>
                )}
            </Flex>
            {approving && <Approve app={app} run={run} close={() => setApproving(false)} />}
        </WorkProgress>
    );
}

function Starts({ app, disabled }: { app: App; disabled: boolean }) {
    const toasts = useToasts();
    const start = useMutation({
        mutationFn: (path: string) => change('POST', `/api/v1/apps/${app.id}/${path}`),
        onError: (error) => toasts.failed('Nothing is imported', error),
    });
    const inactive = disabled || start.isPending;
    return (
        <Flex>
            <ActButton isDisabled={inactive} onClick={() => start.mutate('imports')}>
                Import Now
            </ActButton>
            <ActButton variant="secondary" isDisabled={inactive} onClick={() => start.mutate('group-push/refresh')}>
                Refresh App Groups
            </ActButton>
        </Flex>
    );
}

export default function Import({ app }: { app: App }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayStart = useMay('OPERATOR');
    const path = `/api/v1/apps/${app.id}/imports`;
    const newest = { limit: 1 };
    const { data } = useQuery({ queryKey: [path, newest], queryFn: ({ signal }) => list<ImportRun>(path, newest, signal) });
    const open = data?.items.find(isOpenRun);
    const view = params.get('view') ?? '';
    return (
        <Stack hasGutter>
            {mayStart && (
                <StackItem>
                    <Starts app={app} disabled={Boolean(open)} />
                </StackItem>
            )}
            {open && (
                <StackItem>
                    <OpenRun app={app} run={open} />
                </StackItem>
            )}
            <StackItem>
                <ToggleGroup aria-label="What is shown" className="muster-wrap">
                    {VIEWS.map(([value, text]) => (
                        <ToggleGroupItem
                            key={value}
                            text={text}
                            buttonId={`view-${value || 'users'}`}
                            isSelected={view === value}
                            onChange={() => setParams({ view: value || null, filter: null, q: null })}
                        />
                    ))}
                </ToggleGroup>
            </StackItem>
            <StackItem>
                {view === 'groups' ? (
                    <ImportGroups app={app} />
                ) : view === 'past' ? (
                    <ImportRuns app={app} />
                ) : view === 'settings' ? (
                    <ImportSettings app={app} />
                ) : (
                    <ImportUsers app={app} />
                )}
            </StackItem>
        </Stack>
    );
}
