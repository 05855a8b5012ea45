// SPDX-License-Identifier: Apache-2.0
// What an organisation that pushes nothing yet does first, with what is done already.
import { Card, CardBody, CardTitle, ProgressStep, ProgressStepper } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { getOrNull, list } from '../api/client';
import type { App, Connection } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';

const PROVISIONING = ['PUSH_NEW_USERS', 'PUSH_PROFILE_UPDATES', 'PUSH_USER_DEACTIVATION'];

interface Done {
    people: boolean;
    groups: boolean;
    app: App | null;
    connected: boolean;
    assigned: boolean;
}

async function anyOf(path: string, signal: AbortSignal): Promise<boolean> {
    return (await list<unknown>(path, { limit: 1 }, signal)).items.length > 0;
}

// How far it is with the first app; one that is connected before others.
async function readDone(signal: AbortSignal): Promise<Done> {
    const [people, groups, apps] = await Promise.all([
        anyOf('/api/v1/users', signal),
        anyOf('/api/v1/groups', signal),
        list<App>('/api/v1/apps', { limit: 20 }, signal),
    ]);
    const app = apps.items.find(({ features }) => features.length > 0) ?? apps.items[0] ?? null;
    if (!app) return { people, groups, app, connected: false, assigned: false };
    const base = `/api/v1/apps/${app.id}`;
    const [connection, assigned] = await Promise.all([getOrNull<Connection>(`${base}/connections/default`, {}, signal), anyOf(`${base}/users`, signal)]);
    return { people, groups, app, connected: connection?.status === 'ENABLED', assigned };
}

export function FirstSteps() {
    const { data, error, refetch } = useQuery({ queryKey: ['first steps'], queryFn: ({ signal }) => readDone(signal) });
    if (error) return <ErrorAlert error={error} title="The first steps cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the first steps" />;
    const { app } = data;
    const base = `/applications${app ? `/${app.id}` : ''}`;
    const name = app?.label ?? 'the app';
    const steps: { title: string; done: boolean; text: string; to: string; link: string }[] = [
        {
            title: 'People and groups',
            done: data.people && data.groups,
            text: 'Import them with "muster import users.csv memberships.csv", or create them here.',
            to: '/groups',
            link: 'Groups',
        },
        { title: 'An app', done: Boolean(app), text: 'Anything that has a SCIM 2.0 server.', to: '/applications', link: 'Create app integration' },
        {
            title: 'Its connection',
            done: data.connected,
            text: 'The base URL and a token. The app is asked before anything is saved.',
            to: `${base}/provisioning`,
            link: `Connect ${name}`,
        },
        {
            title: 'What may be done there',
            done: PROVISIONING.some((feature) => app?.features.includes(feature)),
            text: 'Create Users, Update User Attributes, Deactivate Users: all are off at first.',
            to: `${base}/provisioning`,
            link: 'Switch on provisioning',
        },
        { title: 'Who has it', done: data.assigned, text: 'People get accounts there, by themselves or by their groups.', to: `${base}/assignments`, link: `Assign ${name}` },
        { title: 'The first pushed group', done: false, text: 'The group and its members are kept in step from then on.', to: `${base}/push-groups`, link: 'Push a group' },
    ];
    const next = steps.findIndex(({ done }) => !done);
    return (
        <Card>
            <CardTitle component="h2">Bring the first group into an app</CardTitle>
            <CardBody>
                <ProgressStepper isVertical aria-label="First steps">
                    {steps.map(({ title, done, text, to, link }, i) => (
                        <ProgressStep
                            key={title}
                            id={`step-${i}`}
                            titleId={`step-${i}-title`}
                            variant={done ? 'success' : i === next ? 'info' : 'pending'}
                            isCurrent={i === next}
                            aria-label={done ? 'done' : i === next ? 'next' : 'later'}
                            description={
                                <>
                                    {text}{' '}
                                    {(app || i < 2) && !done && (
                                        <Link to={to} className="muster-break">
                                            {link}
                                        </Link>
                                    )}
                                </>
                            }
                        >
                            {title}
                        </ProgressStep>
                    ))}
                </ProgressStepper>
            </CardBody>
        </Card>
    );
}
