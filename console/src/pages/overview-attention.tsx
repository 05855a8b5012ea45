// SPDX-License-Identifier: Apache-2.0
// What needs somebody, the worst first, each with the way to where it is solved.
import { Card, CardBody, CardTitle, Label } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { change, get, list } from '../api/client';
import type { AppInStep, Failures, Overview } from '../api/overview';
import type { EventHook } from '../api/settings';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import './overview.css';

const OVERVIEW = '/api/v1/overview';
const ORG = '/api/v1/org';
const HOOKS = '/api/v1/eventHooks';

interface Org {
    paused: boolean;
    reason?: string | null;
}

function many(count: number, one: string, several: string): string {
    return `${count.toLocaleString()} ${count === 1 ? one : several}`;
}

function Item({ kind, colour, children }: { kind: string; colour: 'red' | 'orange' | 'blue'; children: ReactNode }) {
    return (
        <li>
            <div>
                <Label color={colour}>{kind}</Label>
            </div>
            <div className="muster-break">{children}</div>
        </li>
    );
}

const THINGS: Record<Failures['concerns'], [string, string]> = { ACCOUNT: ['account', 'accounts'], GROUP: ['group', 'groups'], MEMBER: ['member', 'members'] };

// Where failures of a kind are listed, with their remedies.
function placeOf(failure: Failures): string {
    return `/applications/${failure.appId}/${failure.concerns === 'ACCOUNT' ? 'assignments' : 'push-groups?filter=errors'}`;
}

// The failures of all apps by their cause, the most frequent first.
function byCause(errors: Failures[]): Failures[][] {
    const causes = new Map<string, Failures[]>();
    for (const each of errors) causes.set(each.errorClass, [...(causes.get(each.errorClass) ?? []), each]);
    const sum = (rows: Failures[]) => rows.reduce((total, { count }) => total + count, 0);
    return [...causes.values()].sort((a, b) => sum(b) - sum(a));
}

function Cause({ rows }: { rows: Failures[] }) {
    const [first] = rows;
    return (
        <Item kind="Error" colour="red">
            <strong>{first?.cause ?? first?.errorClass}</strong> {first?.action}
            <ul>
                {rows.map((each) => (
                    <li key={`${each.appId} ${each.concerns}`}>
                        <Link to={placeOf(each)}>
                            {many(each.count, ...THINGS[each.concerns])} in {each.appLabel}
                        </Link>
                        {each.since && (
                            <span className="muster-subtle">
                                {' '}
                                since <Time iso={each.since} />
                            </span>
                        )}
                    </li>
                ))}
            </ul>
        </Item>
    );
}

function Paused({ reason }: { reason: string | null | undefined }) {
    const toasts = useToasts();
    const may = useMay('OPERATOR');
    const resume = useMutation({
        mutationFn: () => change('POST', '/api/v1/org/resume', {}),
        onSuccess: () => toasts.done('Everything goes on'),
        onError: (error) => toasts.failed('It is still paused', error),
    });
    return (
        <Item kind="Paused" colour="orange">
            <strong>Nothing is sent to any app.</strong> {reason}{' '}
            {may && (
                <ActButton variant="link" isInline pending={resume.isPending} onClick={() => resume.mutate()}>
                    Resume all apps
                </ActButton>
            )}
        </Item>
    );
}

// While all is paused every app waits for that alone.
function waiting(apps: AppInStep[], org: Org): ReactNode[] {
    return apps
        .filter(({ groups, waits }) => groups > 0 && waits && !org.paused)
        .map((each) => (
            <Item key={`waits ${each.appId}`} kind="Waits" colour="orange">
                <strong>
                    {many(each.groups, 'group is', 'groups are')} pushed to {each.appLabel}, and nothing is sent:
                </strong>{' '}
                {each.waits}. <Link to={`/applications/${each.appId}/provisioning`}>Connection of {each.appLabel}</Link>
            </Item>
        ));
}

function items(overview: Overview, org: Org, hooks: EventHook[], apps: AppInStep[]): ReactNode[] {
    return [
        org.paused && <Paused key="paused" reason={org.reason} />,
        ...waiting(apps, org),
        ...overview.quarantines.map((each) => (
            <Item key={`quarantine ${each.appId}`} kind="Quarantine" colour="red">
                <strong>Nothing gets through to {each.appLabel}.</strong> {each.cause ?? each.error} {each.action}{' '}
                <Link to={`/applications/${each.appId}/provisioning`}>Connection of {each.appLabel}</Link>
                <div className="muster-subtle">
                    Since <Time iso={each.since} />; tried again <Time iso={each.nextTry} />
                </div>
            </Item>
        )),
        ...overview.holds.map((each) => (
            <Item key={`holds ${each.appId}`} kind="Held" colour="orange">
                <strong>
                    {many(each.changes, 'change', 'changes')} in {each.appLabel} {each.changes === 1 ? 'waits' : 'wait'} for a decision.
                </strong>{' '}
                A deletion limit holds {each.changes === 1 ? 'it' : 'them'} back. <Link to="/troubleshoot/held">Look and decide</Link>
                <div className="muster-subtle">
                    Since <Time iso={each.since} />
                </div>
            </Item>
        )),
        ...overview.imports.map((each) => (
            <Item key={`import ${each.appId}`} kind="Held" colour="orange">
                <strong>An import from {each.appLabel} waits for a decision.</strong> The import safeguard holds it back.{' '}
                <Link to={`/applications/${each.appId}/import`}>Look and decide</Link>
                <div className="muster-subtle">
                    Begun <Time iso={each.since} />
                </div>
            </Item>
        )),
        ...byCause(overview.errors).map((rows) => <Cause key={rows[0]?.errorClass} rows={rows} />),
        ...hooks
            .filter((hook) => hook.status === 'ACTIVE' && hook.delivery?.status === 'RETRYING')
            .map((hook) => (
                <Item key={`hook ${hook.id}`} kind="Event hook" colour="orange">
                    <strong>{hook.name} cannot be told of events.</strong> {hook.delivery?.error} <Link to="/settings/hooks">Event hooks</Link>
                </Item>
            )),
        ...overview.drift.map((each) => (
            <Item key={`drift ${each.appId}`} kind="Drift" colour="blue">
                <strong>{each.appLabel} holds {many(each.differences, 'thing', 'things')} otherwise than it should.</strong>{' '}
                <Link to={`/applications/${each.appId}/drift`}>Look at the differences</Link>
            </Item>
        )),
    ].filter(Boolean);
}

// `quiet`: says nothing while there is nothing to say. `apps`: those that groups are pushed to.
export function Attention({ quiet, apps }: { quiet: boolean; apps: AppInStep[] }) {
    const overview = useQuery({ queryKey: [OVERVIEW], queryFn: ({ signal }) => get<Overview>(OVERVIEW, {}, signal) });
    const org = useQuery({ queryKey: [ORG], queryFn: ({ signal }) => get<Org>(ORG, {}, signal) });
    const hooks = useQuery({ queryKey: [HOOKS], queryFn: ({ signal }) => list<EventHook>(HOOKS, {}, signal) });
    const failed = overview.error ?? org.error ?? hooks.error;
    if (failed)
        return (
            <ErrorAlert
                error={failed}
                title="What needs attention cannot be shown"
                retry={() => [overview, org, hooks].forEach((each) => void each.refetch())}
            />
        );
    if (!overview.data || !org.data || !hooks.data) return quiet ? null : <Loading what="what needs attention" />;
    const found = items(overview.data, org.data, hooks.data.items, apps);
    if (found.length === 0 && quiet) return null;
    return (
        <Card>
            <CardTitle component="h2">Needs attention</CardTitle>
            <CardBody>
                {found.length === 0 ? (
                    <p className="muster-status">
                        <CheckCircleIcon className="muster-fine" /> Nothing needs attention.
                    </p>
                ) : (
                    <ul className="muster-attention" aria-label="Needs attention">
                        {found}
                    </ul>
                )}
                {!overview.data.complete && <p className="muster-subtle">There is more of it than is counted here.</p>}
            </CardBody>
        </Card>
    );
}
