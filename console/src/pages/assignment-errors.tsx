// SPDX-License-Identifier: Apache-2.0
// Accounts that failed in an app, told above the list, with trying all of them again.
import { Alert, AlertActionLink } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { change, get } from '../api/client';
import type { App, Sync } from '../api/types';
import { useMay } from '../app/session';
import { useToasts } from '../ui/toasts';

const FAILED_MAX = 50; // of all kinds, in one answer
const NAMED = 3;

export function AssignmentErrors({ app }: { app: App }) {
    const toasts = useToasts();
    const mayRetry = useMay('OPERATOR');
    const path = `/api/v1/apps/${app.id}/sync`;
    const { data } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Sync>(path, {}, signal) });
    const retry = useMutation({
        mutationFn: () => change('POST', `/api/v1/apps/${app.id}/group-push/retry`),
        onSuccess: () => toasts.done(`What failed in ${app.label} is tried again`),
        onError: (error) => toasts.failed('Not tried again', error),
    });
    const failed = (data?.failed ?? []).filter(({ type }) => type === 'account');
    if (failed.length === 0) return null;
    const few = (data?.failed.length ?? 0) >= FAILED_MAX ? 'At least ' : '';
    return (
        <Alert
            variant="danger"
            isInline
            component="p"
            title={`${few}${failed.length.toLocaleString()} ${failed.length === 1 ? 'account' : 'accounts'} failed`}
            actionLinks={
                mayRetry && (
                    <AlertActionLink isDisabled={retry.isPending} onClick={() => retry.mutate()}>
                        Retry all that failed
                    </AlertActionLink>
                )
            }
        >
            <ul>
                {failed.slice(0, NAMED).map(({ name, error }) => (
                    <li key={name} className="muster-break">
                        {name}: {error}
                    </li>
                ))}
            </ul>
        </Alert>
    );
}
