// SPDX-License-Identifier: Apache-2.0
// To App: what may be done with accounts there. A switch acts on changes made from then on; the rest is the backlog.
import { Alert, AlertActionLink, Card, CardBody, CardTitle, Switch } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { App, Backlog, OnOff, ProvisioningFeature } from '../api/types';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

type SwitchName = 'create' | 'update' | 'deactivate';

const SWITCHES: { name: SwitchName; title: string; text: string }[] = [
    {
        name: 'create',
        title: 'Create Users',
        text: 'Makes an account in the app when it is assigned to somebody. One with the same user name there is linked instead.',
    },
    {
        name: 'update',
        title: 'Update User Attributes',
        text: "Changes the account in the app when the person's profile, or that of the assignment, changes.",
    },
    {
        name: 'deactivate',
        title: 'Deactivate Users',
        text: 'Deactivates the account in the app when the app is taken from a person, or the person is deactivated.',
    },
];

function stateOf(feature: ProvisioningFeature): Record<SwitchName, boolean> {
    return {
        create: feature.capabilities.create.lifecycleCreate.status === 'ENABLED',
        update: feature.capabilities.update.profile.status === 'ENABLED',
        deactivate: feature.capabilities.update.lifecycleDeactivate.status === 'ENABLED',
    };
}

function bodyOf(name: SwitchName, on: boolean) {
    const status: OnOff = on ? 'ENABLED' : 'DISABLED';
    if (name === 'create') return { create: { lifecycleCreate: { status } } };
    if (name === 'update') return { update: { profile: { status } } };
    return { update: { lifecycleDeactivate: { status } } };
}

const COUNTS: [keyof Backlog, string, string][] = [
    ['create', 'account made', 'accounts made'],
    ['reactivate', 'reactivated', 'reactivated'],
    ['update', 'changed', 'changed'],
    ['deactivate', 'deactivated', 'deactivated'],
];

export function describeBacklog(backlog: Backlog): string {
    return COUNTS.filter(([key]) => backlog[key])
        .map(([key, one, many]) => `${Number(backlog[key]).toLocaleString()} ${backlog[key] === 1 ? one : many}`)
        .join(', ');
}

// What came before a switch was turned on is not sent by itself.
function BacklogOffer({ app }: { app: App }) {
    const toasts = useToasts();
    const maySend = useMay('OPERATOR');
    const [asking, setAsking] = useState(false);
    const path = `/api/v1/apps/${app.id}/backlog`;
    const { data } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Backlog>(path, {}, signal) });
    const text = data ? describeBacklog(data) : '';
    if (!data || !text) return null;
    return (
        <Alert
            variant="info"
            component="p"
            isInline
            title={`From before the switches were on: ${data.complete ? '' : 'at least '}${text}`}
            actionLinks={maySend && <AlertActionLink onClick={() => setAsking(true)}>Send the backlog</AlertActionLink>}
        >
            Switches act on changes made from then on. What was before waits until you send it.
            {asking && (
                <Confirm
                    title="Send the backlog?"
                    action="Send"
                    danger={data.deactivate > 0}
                    close={() => setAsking(false)}
                    run={async () => {
                        await change('POST', path);
                        toasts.done('The backlog is queued');
                    }}
                >
                    In {app.label}: {text}. The deletion limits of the app still hold.
                </Confirm>
            )}
        </Alert>
    );
}

// One switch. It stays in reach while it is saved: a switch that is turned off for that long would lose the keyboard's
// place, and swallow the key that is meant for it.
function ToApp({ path, on, name, title, text }: { path: string; on: boolean; name: SwitchName; title: string; text: string }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const save = useMutation({
        mutationFn: (wanted: boolean) => change('PUT', path, bodyOf(name, wanted)),
        onError: (failure) => toasts.failed(`${title} was not changed`, failure),
    });
    const shown = save.isPending ? save.variables : on;
    return (
        <div className="muster-switch-row">
            <div id={`${name}-text`}>
                <strong>{title}</strong>
                <p>{text}</p>
            </div>
            <Switch
                id={`switch-${name}`}
                aria-label={title}
                label={save.isPending ? 'Saving' : shown ? 'On' : 'Off'}
                isChecked={shown}
                isDisabled={!mayChange}
                onChange={(_event, wanted) => {
                    if (!save.isPending) save.mutate(wanted);
                }}
            />
        </div>
    );
}

export function SwitchesCard({ app }: { app: App }) {
    const path = `/api/v1/apps/${app.id}/features/USER_PROVISIONING`;
    const { data, error, refetch } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => get<ProvisioningFeature>(path, {}, signal),
    });
    if (error) return <ErrorAlert error={error} title="The switches cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the switches" />;
    const state = stateOf(data);
    return (
        <Card>
            <CardTitle component="h2">Provisioning to App</CardTitle>
            <CardBody>
                {SWITCHES.map((one) => (
                    <ToApp key={one.name} path={path} on={state[one.name]} {...one} />
                ))}
            </CardBody>
            <CardBody>
                <BacklogOffer app={app} />
            </CardBody>
        </Card>
    );
}
