// SPDX-License-Identifier: Apache-2.0
// Accounts that failed in an app, told above the list, with trying all of them again; and those that are held back.
import { Alert, AlertActionLink } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { change, get } from '../api/client';
import type { App, Sync } from '../api/types';
import { useMay } from '../app/session';
import { useToasts } from '../ui/toasts';

const FAILED_MAX = 50; // of all kinds, in one answer
const NAMED = 3;

function accountsOf(count: number): string {
    return `${count.toLocaleString()} ${count === 1 ? 'account' : 'accounts'}`;
}

// What a deletion limit keeps back did not fail: it waits for a decision.
function Held({ count, few }: { count: number; few: string }) {
    return (
        <Alert variant="warning" isInline component="p" title={`${few}${accountsOf(count)} held back by a deletion limit`}>
            <Link to="/troubleshoot/held">Look and decide</Link>
        </Alert>
    );
}

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
    const accounts = (data?.failed ?? []).filter(({ type }) => type === 'account');
    const isHeld = ({ errorClass }: Sync['failed'][number]) => errorClass === 'HELD';
    const held = accounts.filter(isHeld);
    const failed = accounts.filter((each) => !isHeld(each));
    const few = (data?.failed.length ?? 0) >= FAILED_MAX ? 'At least ' : '';
    return (
        <>
            {held.length > 0 && <Held count={held.length} few={few} />}
            {failed.length > 0 && (
                <Alert
                    variant="danger"
                    isInline
                    component="p"
                    title={`${few}${accountsOf(failed.length)} failed`}
                    actionLinks={
                        mayRetry && (
                            <AlertActionLink isAriaDisabled={retry.isPending} onClick={() => retry.mutate()}>
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
            )}
        </>
    );
}
