// SPDX-License-Identifier: Apache-2.0
// When an app is scanned, how much a scan may ask, and what follows from what it finds.
import { ActionGroup, Card, CardBody, Form, FormGroup, FormSection, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import { KINDS, REPAIRS, type DriftAction, type DriftKind, type DriftSettings } from '../api/drift';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

const ACTIONS: [DriftAction, string][] = [
    ['ALERT', 'List it'],
    ['REPAIR', 'Repair it'],
    ['ACCEPT', 'Accept it'],
];
const FIELDS = ['everyHours', 'requestsPerHour'];

function Fields({ app, stored }: { app: App; stored: DriftSettings }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const [hours, setHours] = useState(String(stored.everyHours));
    const [requests, setRequests] = useState(String(stored.requestsPerHour));
    const [actions, setActions] = useState(stored.actions);
    const save = useMutation({
        mutationFn: () =>
            change('PUT', `/api/v1/apps/${app.id}/drift/settings`, {
                everyHours: hours === '' ? 0 : Number(hours),
                requestsPerHour: Number(requests),
                actions,
            }),
        onSuccess: () => toasts.done('The settings are saved'),
    });
    const number = (id: string, label: string, value: string, set: (value: string) => void, help: string) => (
        <FormGroup label={label} fieldId={id}>
            <TextInput
                id={id}
                inputMode="numeric"
                value={value}
                readOnlyVariant={mayChange ? undefined : 'default'}
                onChange={(_event, text) => set(text)}
                validated={isWrong(save.error, id) ? 'error' : 'default'}
            />
            <FieldHelp error={save.error} field={id}>
                {help}
            </FieldHelp>
        </FormGroup>
    );
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                save.mutate();
            }}
        >
            <ErrorAlert error={save.error} title="The settings were not saved" fields={FIELDS} />
            <FormSection title="Schedule" titleElement="h2">
                {number('everyHours', 'Scan every so many hours', hours, setHours, '0: only when somebody asks.')}
                {number(
                    'requestsPerHour',
                    'Requests in an hour, at most',
                    requests,
                    setRequests,
                    'A scan that has used them goes on in the next hour. The pace of the app holds too.',
                )}
            </FormSection>
            <FormSection title="What follows from what a scan finds" titleElement="h2">
                {(Object.keys(KINDS) as DriftKind[]).map((kind) => (
                    <FormGroup key={kind} label={KINDS[kind]} fieldId={kind}>
                        <FormSelect
                            id={kind}
                            isDisabled={!mayChange}
                            value={actions[kind]}
                            onChange={(_event, value) => setActions({ ...actions, [kind]: value as DriftAction })}
                        >
                            {ACTIONS.filter(([action]) => action !== 'REPAIR' || kind !== 'ACCOUNT_INACTIVE').map(([action, text]) => (
                                <FormSelectOption key={action} value={action} label={text} />
                            ))}
                        </FormSelect>
                        <FieldHelp>{`A repair ${REPAIRS[kind]}.`}</FieldHelp>
                    </FormGroup>
                ))}
            </FormSection>
            {mayChange && (
                <ActionGroup>
                    <ActButton type="submit" pending={save.isPending}>
                        Save
                    </ActButton>
                </ActionGroup>
            )}
        </Form>
    );
}

export function DriftSettingsForm({ app }: { app: App }) {
    const path = `/api/v1/apps/${app.id}/drift/settings`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<DriftSettings>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The settings cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the settings" />;
    return (
        <Card>
            <CardBody>
                <Fields app={app} stored={data} />
            </CardBody>
        </Card>
    );
}
