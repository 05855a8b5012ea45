// SPDX-License-Identifier: Apache-2.0
// Parts a group that is used for assignment and push: which of the two gets a new group, every step and change before, and go.
import { Alert, Button, Content, Form, FormGroup, List, ListItem, Radio, TextInput, Title } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router-dom';
import { change, get } from '../api/client';
import type { Feeding, GroupSeparation, SeparationPlan, Solution } from '../api/separations';
import type { App, Group } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { useSetParams } from '../ui/list';
import { useSettled } from '../ui/settled';
import { Loading, Nothing } from '../ui/states';

const FIELDS = ['name'];
const LEFT_SHOWN = 20; // people without the app whom the preview names

interface Wanted {
    groupId: string;
    name: string;
    solution: Solution;
    rules: Feeding;
}

function count(n: number, one: string, many: string): string {
    return `${n.toLocaleString()} ${n === 1 ? one : many}`;
}

function LeftOut({ plan }: { plan: SeparationPlan }) {
    if (plan.members.leftOut === 0) return null;
    const shown = plan.leftOut.slice(0, LEFT_SHOWN).map(({ login, status }) => `${login} (${status})`);
    const more = plan.members.leftOut - shown.length;
    return (
        <ListItem>
            {count(plan.members.leftOut, 'member does', 'members do')} not have the app and {plan.members.leftOut === 1 ? 'is' : 'are'} left out:{' '}
            {shown.join(', ')}
            {more > 0 ? ` and ${more.toLocaleString()} more` : ''}
        </ListItem>
    );
}

function Feed({ plan, rules }: { plan: SeparationPlan; rules: Feeding }) {
    if (plan.groupRules.length === 0) return <ListItem>No group rule feeds the group.</ListItem>;
    const names = plan.groupRules.map(({ name, status }) => `${name} (${status})`).join(', ');
    return (
        <ListItem>
            {count(plan.groupRules.length, 'group rule feeds', 'group rules feed')} the group: {names}.{' '}
            {rules === 'CARRY_OVER' ? 'The new group is fed by the same.' : 'The new group is not.'}
        </ListItem>
    );
}

// Every step, and every change that the app will see.
function Preview({ appId, appLabel, wanted }: { appId: string; appLabel: string; wanted: Wanted }) {
    const path = `/api/v1/apps/${appId}/group-push/separations?dryRun=true`;
    const { data, error } = useQuery({
        queryKey: [path, wanted],
        queryFn: () => change<SeparationPlan>('POST', path, wanted),
        enabled: wanted.name !== '',
        retry: false,
    });
    if (wanted.name === '') return <p>Give the new group a name to see every step.</p>;
    if (error) return <ErrorAlert error={error} title="This cannot be done" fields={FIELDS} />;
    if (!data) return <Loading what="the plan" />;
    const { target, members } = data;
    return (
        <>
            <Title headingLevel="h3">Steps</Title>
            <List component="ol" aria-label="Steps">
                {data.steps.map((step) => (
                    <ListItem key={step} className="muster-break">
                        {step}
                    </ListItem>
                ))}
            </List>
            <Title headingLevel="h3">What it means</Title>
            <List aria-label="What it means" className="muster-break">
                <ListItem>
                    {count(members.total, 'member', 'members')} in the group, of whom {members.copied.toLocaleString()}{' '}
                    {members.copied === 1 ? 'has' : 'have'} the app and {members.copied === 1 ? 'is' : 'are'} put into the new group
                    {members.byRules > 0 ? `; ${members.byRules.toLocaleString()} of them by its rules` : ''}.
                </ListItem>
                <LeftOut plan={data} />
                <Feed plan={data} rules={wanted.rules} />
                {data.assignment && (
                    <ListItem>
                        {wanted.solution === 'ASSIGNMENT' ? 'Moved with it' : 'Kept'}: priority {data.assignment.priority}, and{' '}
                        {count(Object.keys(data.assignment.profile).length, 'attribute', 'attributes')} of the assignment.
                    </ListItem>
                )}
            </List>
            <Alert variant="success" isInline component="p" title={`What ${appLabel} will see`}>
                <p role="status">
                    {target.activations} activations, {target.deactivations} deactivations, {target.additions} memberships added, {target.removals}{' '}
                    removed, {target.profileChanges} profiles changed.
                </p>
                {target.waitingAlready > 0 && (
                    <p>{count(target.waitingAlready, 'membership waits', 'memberships wait')} to be pushed already, and will be.</p>
                )}
            </Alert>
        </>
    );
}

function SeparateForm({ app, group }: { app: App; group: Group }) {
    const navigate = useNavigate();
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayPart = useMay('OPERATOR');
    const solution: Solution = params.get('solution') === 'PUSH' ? 'PUSH' : 'ASSIGNMENT';
    const [name, setName] = useState('');
    const [rules, setRules] = useState<Feeding>('CARRY_OVER');
    const wanted: Wanted = { groupId: group.id, name: useSettled(name.trim()), solution, rules };
    const start = useMutation({
        mutationFn: () => change<GroupSeparation>('POST', `/api/v1/apps/${app.id}/group-push/separations`, { ...wanted, name: name.trim() }),
        onSuccess: (begun) => navigate(`/troubleshoot/same-groups/${app.id}/${begun.id}`),
    });
    const ready = mayPart && name.trim() !== '' && !start.isPending;
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                if (ready) start.mutate();
            }}
        >
            <Title headingLevel="h2" className="muster-break">
                Part {group.profile.name}
            </Title>
            <Content component="p">
                It gives {app.label} to its members and is pushed there. One of the two goes to a new group; nobody loses the account or the
                membership for a moment.
            </Content>
            <FormGroup label="What the new group is for" role="radiogroup" fieldId="solution">
                <Radio
                    id="solution-assignment"
                    name="solution"
                    label="The assignment"
                    description="The new group gives the app, with the same priority and profile. The old one stays pushed."
                    isChecked={solution === 'ASSIGNMENT'}
                    onChange={() => setParams({ solution: 'ASSIGNMENT' })}
                />
                <Radio
                    id="solution-push"
                    name="solution"
                    label="The push"
                    description="The new group is pushed, to the same group of the app, which keeps its name. The old one gives the app."
                    isChecked={solution === 'PUSH'}
                    onChange={() => setParams({ solution: 'PUSH' })}
                />
            </FormGroup>
            <FormGroup label="Name of the new group" fieldId="new-name" isRequired>
                <TextInput
                    id="new-name"
                    value={name}
                    isRequired
                    validated={isWrong(start.error, 'name') ? 'error' : 'default'}
                    onChange={(_event, value) => {
                        setName(value);
                        start.reset();
                    }}
                />
                <FieldHelp error={start.error} field="name" />
            </FormGroup>
            <FormGroup label="Group rules that feed the old group" role="radiogroup" fieldId="feeding">
                <Radio
                    id="feeding-carry"
                    name="feeding"
                    label="Let them feed the new one too"
                    isChecked={rules === 'CARRY_OVER'}
                    onChange={() => setRules('CARRY_OVER')}
                />
                <Radio
                    id="feeding-copy"
                    name="feeding"
                    label="Copy the members once"
                    isChecked={rules === 'COPY_ONCE'}
                    onChange={() => setRules('COPY_ONCE')}
                />
            </FormGroup>
            <ErrorAlert error={start.error} title="The group is not parted" fields={FIELDS} />
            <section aria-label="Preview">
                <Preview appId={app.id} appLabel={app.label} wanted={wanted} />
            </section>
            {mayPart && (
                <div>
                    <ActButton type="submit" isDisabled={!ready} pending={start.isPending}>
                        Part the group
                    </ActButton>{' '}
                    <Button variant="link" component={(props) => <Link {...props} to="/troubleshoot/same-groups" />}>
                        Cancel
                    </Button>
                </div>
            )}
        </Form>
    );
}

export default function Separate() {
    const [params] = useSearchParams();
    const [appId, groupId] = [params.get('app') ?? '', params.get('group') ?? ''];
    const { data, error, refetch } = useQuery({
        queryKey: ['separate', appId, groupId],
        queryFn: async ({ signal }) => ({
            app: await get<App>(`/api/v1/apps/${encodeURIComponent(appId)}`, {}, signal),
            group: await get<Group>(`/api/v1/groups/${encodeURIComponent(groupId)}`, {}, signal),
        }),
        enabled: appId !== '' && groupId !== '',
    });
    if (appId === '' || groupId === '')
        return (
            <Nothing title="Which group?" action={<Link to="/troubleshoot/same-groups">Groups for assignment and push</Link>}>
                Choose one of those that are used for both.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The group cannot be parted" retry={() => void refetch()} />;
    if (!data) return <Loading what="the group" />;
    return <SeparateForm app={data.app} group={data.group} />;
}
