// SPDX-License-Identifier: Apache-2.0
// How far the parting of a group is. It goes on by itself, after a restart too; before its end it can be taken back.
import { Alert, Button, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, Label, ProgressStep, ProgressStepper, Title } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link, useParams } from 'react-router-dom';
import { change, getOrNull } from '../api/client';
import type { GroupSeparation } from '../api/separations';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { ErrorAlert } from '../ui/errors';
import { Loading, Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { SEPARATION_STATES } from './separation-states';

const LOOK_MS = 1000; // while it goes on, beside what the event stream says

function stepsOf({ solution }: GroupSeparation): [string, string][] {
    return [
        ['RULES', 'Its rules look at everybody'],
        ['COPY', 'Members are copied'],
        ['SWITCH', solution === 'PUSH' ? 'The new group is pushed' : 'The new group gives the app too'],
        ['SPREAD', solution === 'PUSH' ? 'Every member is looked at' : 'Every account has it from the new group'],
        ...(solution === 'PUSH' ? [] : ([['LEAVE', 'The old group no longer gives the app'], ['SETTLE', 'Every account is looked at']] as [string, string][])),
        ['END', 'Done'],
    ];
}

function Steps({ separation }: { separation: GroupSeparation }) {
    const steps = stepsOf(separation);
    const at = separation.status === 'DONE' ? steps.length : steps.findIndex(([step]) => step === separation.step);
    return (
        <ProgressStepper isVertical aria-label="Steps">
            {steps.map(([step, text], i) => (
                <ProgressStep
                    key={step}
                    id={`step-${step}`}
                    titleId={`step-${step}-title`}
                    isCurrent={i === at}
                    variant={i < at ? 'success' : i > at ? 'pending' : separation.status === 'FAILED' ? 'danger' : 'info'}
                    aria-label={`${text}: ${i < at ? 'done' : i > at ? 'to come' : 'now'}`}
                >
                    {text}
                </ProgressStep>
            ))}
        </ProgressStepper>
    );
}

function Row({ term, children }: { term: string; children: ReactNode }) {
    return (
        <DescriptionListGroup>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription className="muster-break">{children}</DescriptionListDescription>
        </DescriptionListGroup>
    );
}

function Undo({ separation, path }: { separation: GroupSeparation; path: string }) {
    const toasts = useToasts();
    const mayUndo = useMay('OPERATOR');
    const [asking, setAsking] = useState(false);
    if (!mayUndo || (separation.status !== 'RUNNING' && separation.status !== 'FAILED')) return null;
    return (
        <>
            <Button variant="secondary" onClick={() => setAsking(true)}>
                Take it back
            </Button>
            {asking && (
                <Confirm
                    title="Take the parting back?"
                    action="Take it back"
                    close={() => setAsking(false)}
                    run={async () => {
                        await change('POST', `${path}/undo`);
                        toasts.done('The parting is being taken back');
                    }}
                >
                    <p>
                        {separation.group?.name} is used for both again, and {separation.newGroup?.name} with its{' '}
                        {separation.copied.toLocaleString()} copied members is deleted here. In {separation.appLabel} 0 accounts and 0 memberships
                        change.
                    </p>
                </Confirm>
            )}
        </>
    );
}

export default function Separation() {
    const { appId = '', separationId = '' } = useParams();
    const path = `/api/v1/apps/${encodeURIComponent(appId)}/group-push/separations/${encodeURIComponent(separationId)}`;
    const { data, error, refetch } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => getOrNull<GroupSeparation>(path, {}, signal),
        refetchInterval: ({ state }) => (state.data && !state.data.ended ? LOOK_MS : false),
    });
    if (data === null)
        return (
            <Nothing title="This parting is not there" action={<Link to="/troubleshoot/same-groups">Groups for assignment and push</Link>}>
                Its app may have been deleted.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The parting cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the parting" />;
    const [text, color] = SEPARATION_STATES[data.status];
    return (
        <div className="muster-stack">
            <Title headingLevel="h2" className="muster-break">
                {data.group?.name ?? 'A deleted group'} of {data.appLabel} becomes two <Label color={color}>{text}</Label>
            </Title>
            <p role="status">
                {data.status === 'RUNNING' || data.status === 'UNDOING'
                    ? 'It goes on when you leave this page, and after a restart.'
                    : data.status === 'DONE'
                      ? 'Nobody lost the account or the membership.'
                      : ''}
            </p>
            {data.error && (
                <Alert variant="danger" isInline component="p" title="It stopped">
                    {data.error}. Nothing was taken from anybody.
                </Alert>
            )}
            <DescriptionList isCompact isHorizontal>
                <Row term="New group">{data.newGroup?.name ?? 'deleted'}</Row>
                <Row term="For">{data.solution === 'PUSH' ? 'the push' : 'the assignment'}</Row>
                <Row term="Group rules">{data.rules === 'CARRY_OVER' ? 'feed it too' : 'do not feed it'}</Row>
                <Row term="Copied">{data.copied.toLocaleString()} members</Row>
                <Row term="Begun">
                    <Time iso={data.created} />
                </Row>
                <Row term="Ended">
                    <Time iso={data.ended} none="not yet" />
                </Row>
            </DescriptionList>
            {(data.status === 'RUNNING' || data.status === 'DONE' || data.status === 'FAILED') && <Steps separation={data} />}
            <Undo separation={data} path={path} />
        </div>
    );
}
