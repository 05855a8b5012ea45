// SPDX-License-Identifier: Apache-2.0
// What can be done with one push mapping, after its plan: rehearsed by the server, in numbers.
import { change } from '../api/client';
import type { App, Mapping } from '../api/types';
import { Confirm } from '../ui/confirm';
import { Plan, type Rehearsed } from '../ui/plan';
import { useToasts } from '../ui/toasts';
import { nameOf, targetNameOf } from './push-table';

export type Act = 'push' | 'activate' | 'deactivate';

const TITLES: Record<Act, string> = { push: 'Push now', activate: 'Activate group push', deactivate: 'Deactivate group push' };

function count(n: number | undefined, one: string, many: string): string {
    return `${(n ?? 0).toLocaleString()} ${n === 1 ? one : many}`;
}

// What a push does beyond what it takes away.
function Said({ app, mapping, act }: { app: App; mapping: Mapping; act: Act }) {
    const { pending, extra, failed } = mapping.state;
    if (act === 'deactivate')
        return (
            <p>
                {app.label} keeps {targetNameOf(mapping)} as it is, and is told nothing of {nameOf(mapping)} from now on. 0 memberships and 0
                accounts change there.
            </p>
        );
    return (
        <>
            {act === 'push' && (
                <p>
                    The group is read in {app.label} and gets exactly the members of {nameOf(mapping)}. {count(extra, 'member is', 'members are')} known
                    there who {extra === 1 ? 'does' : 'do'} not belong; they are removed, and whoever else the read finds.
                </p>
            )}
            <p>
                {count(pending, 'membership waits', 'memberships wait')} to be sent
                {failed ? `, ${count(failed, 'member was', 'members were')} refused and ${failed === 1 ? 'is' : 'are'} tried again` : ''}.
            </p>
        </>
    );
}

export function MappingAct({ app, mapping, act, close }: { app: App; mapping: Mapping; act: Act; close: () => void }) {
    const toasts = useToasts();
    const path = `/api/v1/apps/${app.id}/group-push/mappings`;
    const call: Rehearsed =
        act === 'push'
            ? { method: 'POST', path: `${path}/${mapping.id}/push` }
            : { method: 'POST', path: `${path}/bulk`, body: { action: act.toUpperCase(), mappingIds: [mapping.id] } };
    const name = nameOf(mapping);
    return (
        <Confirm
            title={`${TITLES[act]}: ${name}?`}
            action={TITLES[act]}
            danger={act !== 'activate'}
            close={close}
            run={async () => {
                await change(call.method, call.path, call.body);
                toasts.done(act === 'deactivate' ? `${name} is no longer pushed` : `${name} is being pushed`);
            }}
        >
            <Said app={app} mapping={mapping} act={act} />
            <Plan act={call} />
        </Confirm>
    );
}
