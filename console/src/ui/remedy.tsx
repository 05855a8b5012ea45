// SPDX-License-Identifier: Apache-2.0
// What mends something, as a button that makes the call. Before somebody loses something it says in numbers what.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { Remedy } from '../api/diagnosis';
import type { Backlog, Mapping, Role } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from './act-button';
import { Confirm } from './confirm';
import { ErrorAlert } from './errors';
import { Plan } from './plan';
import { Loading } from './states';
import { useToasts } from './toasts';

type Ask = 'plan' | 'backlog' | 'overwrite' | 'release';

interface Kind {
    pattern: RegExp; // of "METHOD path"
    text: string;
    role: Role;
    ask?: Ask;
}

// The calls that diagnoses name; the roles are those of docs/openapi.json.
const KINDS: Kind[] = [
    { pattern: /^POST .*\/users\/[^/]+\/lifecycle\/unsuspend/, text: 'End the suspension', role: 'OPERATOR' },
    { pattern: /^POST .*\/users\/[^/]+\/lifecycle\/activate/, text: 'Activate the person', role: 'OPERATOR' },
    { pattern: /^PUT .*\/users\/[^/]+\/protection/, text: 'End the protection', role: 'ADMIN', ask: 'plan' },
    { pattern: /^PUT .*\/groups\/[^/]+\/users\//, text: 'Add to the group', role: 'OPERATOR' },
    { pattern: /^POST .*\/users\/[^/]+\/push/, text: 'Push the person anew', role: 'OPERATOR' },
    { pattern: /^POST .*\/apps\/[^/]+\/lifecycle\/activate/, text: 'Activate the app', role: 'ADMIN' },
    { pattern: /^POST .*\/apps\/[^/]+\/lifecycle\/resume/, text: 'Resume the app', role: 'OPERATOR' },
    { pattern: /^POST .*\/org\/resume/, text: 'Resume everything', role: 'OPERATOR' },
    { pattern: /^POST .*\/connections\/default\/lifecycle\/activate/, text: 'Switch the connection on', role: 'ADMIN' },
    { pattern: /^POST .*\/connections\/default/, text: 'Test the connection', role: 'ADMIN' },
    { pattern: /^PUT .*\/features\//, text: 'Switch it on', role: 'ADMIN' },
    { pattern: /^POST .*\/backlog/, text: 'Send the backlog', role: 'OPERATOR', ask: 'backlog' },
    { pattern: /^POST .*\/apps\/[^/]+\/users$/, text: 'Assign the app', role: 'OPERATOR' },
    { pattern: /^POST .*\/group-push\/retry/, text: 'Retry all that failed', role: 'OPERATOR' },
    { pattern: /^POST .*\/group-push\/mappings$/, text: 'Push the group', role: 'OPERATOR' },
    { pattern: /^PATCH .*\/group-push\/mappings\//, text: 'Change the push mapping', role: 'OPERATOR', ask: 'plan' },
    { pattern: /^POST .*\/mappings\/[^/]+\/push/, text: 'Push now', role: 'OPERATOR', ask: 'overwrite' },
    { pattern: /^POST .*\/mappings\/[^/]+\/repair/, text: 'Make the group again', role: 'OPERATOR' },
    { pattern: /^POST .*\/holds\/[^/]+\/release/, text: 'Release this one', role: 'ADMIN', ask: 'release' },
];

const OTHER: Kind = { pattern: /^/, text: 'Do it', role: 'ADMIN', ask: 'plan' };

function kindOf(remedy: Remedy): Kind {
    const call = `${remedy.method} ${remedy.path}`;
    const kind = KINDS.find(({ pattern }) => pattern.test(call)) ?? OTHER;
    if (kind.text !== 'Change the push mapping') return kind;
    const removes = JSON.stringify(remedy.body).includes('REMOVE');
    return { ...kind, text: removes ? 'Remove them there' : 'Activate group push', ask: removes ? 'overwrite' : 'plan' };
}

// Push Now removes whoever the app's group has and the source has not: as many as the last read found.
function Overwrite({ path }: { path: string }) {
    const mapping = path.replace(/\/push$/, '');
    const { data, error } = useQuery({ queryKey: [mapping], queryFn: ({ signal }) => get<Mapping>(mapping, { expand: 'groups' }, signal) });
    if (error) return <ErrorAlert error={error} title="What would be removed cannot be said" />;
    if (!data) return <Loading what="what would be removed" />;
    const extra = data.state.extra ?? 0;
    return (
        <p role="status">
            The app&apos;s group is read and gets exactly the members of the group here.{' '}
            {extra === 0
                ? '0 members are known there who do not belong; if the read finds some, they are removed.'
                : `${extra.toLocaleString()} ${extra === 1 ? 'member is' : 'members are'} known there who ${extra === 1 ? 'does' : 'do'} not belong, and removed.`}{' '}
            Deletion limits hold.
        </p>
    );
}

function BacklogCounts({ path }: { path: string }) {
    const { data, error } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Backlog>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The backlog cannot be counted" />;
    if (!data) return <Loading what="the backlog" />;
    return (
        <p role="status">
            {data.complete ? '' : 'At least: '}
            {data.create.toLocaleString()} accounts are created, {data.reactivate.toLocaleString()} activated again,{' '}
            {data.update.toLocaleString()} updated and {data.deactivate.toLocaleString()} deactivated.
        </p>
    );
}

function Said({ ask, remedy, path }: { ask: Ask; remedy: Remedy; path: string }) {
    if (ask === 'backlog') return <BacklogCounts path={path} />;
    if (ask === 'overwrite') return <Overwrite path={path} />;
    if (ask === 'release') return <p>1 deletion of this list is sent, if it is still wanted. The others stay held.</p>;
    const method = remedy.method === 'GET' ? 'POST' : (remedy.method ?? 'POST');
    return <Plan act={{ method, path, body: remedy.body }} />;
}

// Nothing when no call mends it, when it mends itself, or when the role does not allow the call.
export function RemedyButton({ remedy, primary = false }: { remedy: Remedy; primary?: boolean }) {
    const toasts = useToasts();
    const [asking, setAsking] = useState(false);
    const kind = kindOf(remedy);
    const may = useMay(kind.role);
    const { method, path } = remedy;
    const run = async () => {
        if (!method || method === 'GET' || !path) return;
        await change(method, path, remedy.body);
        toasts.done(`Done: ${kind.text}`);
    };
    const act = useMutation({ mutationFn: run, onError: (error) => toasts.failed(`Not done: ${kind.text}`, error) });
    if (!method || method === 'GET' || !path || !may) return null;
    return (
        <>
            <ActButton
                variant={primary ? 'primary' : 'secondary'}
                pending={act.isPending}
                onClick={() => (kind.ask ? setAsking(true) : act.mutate())}
            >
                {kind.text}
            </ActButton>
            {asking && kind.ask && (
                <Confirm title={`${kind.text}?`} action={kind.text} danger={kind.ask !== 'plan'} run={run} close={() => setAsking(false)}>
                    <p>{remedy.words}</p>
                    <Said ask={kind.ask} remedy={remedy} path={path} />
                </Confirm>
            )}
        </>
    );
}
