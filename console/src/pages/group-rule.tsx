// SPDX-License-Identifier: Apache-2.0
// One group rule, or a new one.
import { Alert, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, useParams, useSearchParams } from 'react-router-dom';
import { getOrNull, list } from '../api/client';
import { RULES, type GroupRule } from '../api/rules';
import type { Group, User } from '../api/types';
import { useMay } from '../app/session';
import type { Chosen } from '../ui/choose-many';
import { ErrorAlert } from '../ui/errors';
import type { LogEvent } from '../ui/events';
import { PageHead } from '../ui/page';
import { quoted } from '../ui/picker';
import { WorkProgress } from '../ui/progress';
import { Loading, Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { RuleActions } from './rule-actions';
import { RuleForm } from './rule-form';
import { RuleState, targetsOf } from './rule-table';

const CRUMBS = [{ text: 'Group Rules', to: '/group-rules' }];
const YEAR_MS = 365 * 86_400_000;

// What ids are called; who is gone is called by the id.
function useNames<T extends { id: string }>(path: string, ids: string[], nameOf: (item: T) => string): Chosen[] | undefined {
    const search = ids.map((id) => `id eq ${quoted(id)}`).join(' or ');
    const { data } = useQuery({
        queryKey: [path, { search }],
        queryFn: ({ signal }) => list<T>(path, { search }, signal),
        enabled: ids.length > 0,
    });
    if (ids.length === 0) return [];
    if (!data) return undefined;
    const names = new Map(data.items.map((item) => [item.id, nameOf(item)]));
    return ids.map((id) => ({ id, text: names.get(id) ?? id }));
}

// Why it became invalid: that is in the system log.
function Invalid({ rule }: { rule: GroupRule }) {
    const filter = `target.id eq ${quoted(rule.id)} and eventType eq "group.user_membership.rule.invalidate"`;
    const { data } = useQuery({
        queryKey: ['invalid', rule.id, rule.lastUpdated],
        queryFn: ({ signal }) =>
            list<LogEvent>('/api/v1/logs', { sortOrder: 'DESCENDING', limit: 1, since: new Date(Date.now() - YEAR_MS).toISOString(), filter }, signal),
    });
    const event = data?.items[0];
    return (
        <Alert variant="danger" isInline component="p" className="muster-above muster-form" title="This rule does nothing: it is invalid">
            {event && (
                <p className="muster-break">
                    {event.outcome?.reason}, <Time iso={event.published} />.
                </p>
            )}
            <p>Mend the condition and save, then activate the rule again. When a group that it fills is gone, make another rule.</p>
        </Alert>
    );
}

function ExistingRule({ rule }: { rule: GroupRule }) {
    const mayChange = useMay('OPERATOR');
    const { people, expression } = rule.conditions;
    const users = useNames<User>('/api/v1/users', people.users.exclude, ({ profile }) => profile.login);
    const groups = useNames<Group>('/api/v1/groups', people.groups.exclude, ({ profile }) => profile.name);
    // Once the form is there it stays, with what is typed in it: names that are not known yet come later.
    const shown = useRef(false);
    useEffect(() => {
        if (users && groups) shown.current = true;
    });
    const named = (names: Chosen[] | undefined, ids: string[]) => names ?? (shown.current ? ids.map((id) => ({ id, text: id })) : undefined);
    const excluded = { users: named(users, people.users.exclude), groups: named(groups, people.groups.exclude) };
    return (
        <>
            <PageHead title={rule.name} crumbs={CRUMBS} badge={<RuleState rule={rule} />} actions={<RuleActions rule={rule} />} />
            <PageSection isFilled>
                {rule.status === 'INVALID' && <Invalid rule={rule} />}
                {!rule.evaluated && (
                    <div className="muster-below">
                        <WorkProgress
                            work={{ title: 'The rule looks at everybody', state: 'running', step: 'People come and go in its groups meanwhile', since: rule.lastUpdated }}
                        />
                    </div>
                )}
                {rule.status === 'ACTIVE' && mayChange && (
                    <Alert
                        variant="info"
                        isInline
                        isPlain
                        component="p"
                        className="muster-above"
                        title="To change the rule, deactivate it first. Who is in its groups stays there meanwhile."
                    />
                )}
                {excluded.users && excluded.groups ? (
                    <RuleForm
                        rule={rule}
                        stored={{ name: rule.name, expression: expression.value, targets: targetsOf(rule), users: excluded.users, groups: excluded.groups }}
                        isDisabled={!mayChange || rule.status === 'ACTIVE'}
                    />
                ) : (
                    <Loading what="who is excluded" />
                )}
            </PageSection>
        </>
    );
}

function NewRule() {
    const [params] = useSearchParams();
    const given = params.get('group');
    const targets = useNames<Group>('/api/v1/groups', given ? [given] : [], ({ profile }) => profile.name);
    return (
        <>
            <PageHead title="Add rule" crumbs={CRUMBS} text="A new rule is inactive, and puts nobody anywhere until it is activated." />
            <PageSection isFilled>
                {targets ? (
                    <RuleForm stored={{ name: '', expression: '', targets, users: [], groups: [] }} isDisabled={false} />
                ) : (
                    <Loading what="the group" />
                )}
            </PageSection>
        </>
    );
}

export default function GroupRulePage() {
    const { ruleId = '' } = useParams();
    const isNew = ruleId === 'new';
    const mayCreate = useMay('OPERATOR');
    const path = `${RULES}/${encodeURIComponent(ruleId)}`;
    const {
        data: rule,
        error,
        refetch,
    } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => getOrNull<GroupRule>(path, { expand: 'groupIdToGroupNameMap' }, signal),
        enabled: !isNew,
    });
    if (isNew && mayCreate) return <NewRule />;
    if (rule === null || isNew)
        return (
            <Nothing level="h1" title="This rule is not there" action={<Link to="/group-rules">Group Rules</Link>}>
                It may have been deleted.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The rule cannot be shown" retry={() => void refetch()} />;
    if (!rule) return <Loading what="the rule" />;
    return <ExistingRule key={rule.id} rule={rule} />;
}
