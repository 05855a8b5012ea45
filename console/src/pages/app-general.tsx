// SPDX-License-Identifier: Apache-2.0
import {
    ActionGroup,
    Button,
    Card,
    CardBody,
    CardTitle,
    DescriptionList,
    DescriptionListDescription,
    DescriptionListGroup,
    DescriptionListTerm,
    Flex,
    Form,
    FormGroup,
    FormSelect,
    FormSelectOption,
    Stack,
    StackItem,
    TextInput,
} from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { LimitsCard } from './general-limits';

const TEMPLATES: [string, string][] = [
    ['${source.login}', 'User name'],
    ['${source.email}', 'E-mail address'],
    ['${fn:substringBefore(source.login, "@")}', 'User name, the part before @'],
    ['${fn:substringBefore(source.email, "@")}', 'E-mail address, the part before @'],
];

function Settings({ app, mayChange }: { app: App; mayChange: boolean }) {
    const toasts = useToasts();
    const stored = app.credentials.userNameTemplate.template;
    // What was typed; where nothing was, the app is shown as it is now.
    const [draft, setDraft] = useState<{ label?: string; template?: string }>({});
    const label = draft.label ?? app.label;
    const template = draft.template ?? stored;
    const setLabel = (typed: string) => setDraft({ ...draft, label: typed });
    const setTemplate = (chosen: string) => setDraft({ ...draft, template: chosen });
    // What is stored now needs no draft any more. What was typed while it was saved stays.
    useEffect(() => {
        setDraft((typed) => ({
            ...(typed.label !== undefined && typed.label !== app.label ? { label: typed.label } : {}),
            ...(typed.template !== undefined && typed.template !== stored ? { template: typed.template } : {}),
        }));
    }, [app.label, stored]);
    const save = useMutation({
        mutationFn: () =>
            change('PUT', `/api/v1/apps/${app.id}`, {
                name: app.name,
                label,
                signOnMode: app.signOnMode,
                settings: app.settings,
                visibility: app.visibility,
                accessibility: app.accessibility,
                profile: app.profile,
                credentials: { userNameTemplate: { template, type: 'BUILT_IN' } },
            }),
        onSuccess: () => toasts.done('The settings are saved'),
    });
    const changed = label !== app.label || template !== stored;
    const known = TEMPLATES.some(([value]) => value === stored);
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                save.mutate();
            }}
        >
            <ErrorAlert error={save.error} title="The settings were not saved" fields={['label']} />
            <FormGroup label="App name" fieldId="label" isRequired>
                <TextInput
                    id="label"
                    value={label}
                    readOnlyVariant={mayChange ? undefined : 'default'}
                    onChange={(_event, value) => setLabel(value)}
                    validated={isWrong(save.error, 'label') ? 'error' : 'default'}
                />
                <FieldHelp error={save.error} field="label" />
            </FormGroup>
            <FormGroup label="Application username format" fieldId="template">
                <FormSelect id="template" value={template} isDisabled={!mayChange} onChange={(_event, value) => setTemplate(value)}>
                    {!known && <FormSelectOption value={stored} label={stored} />}
                    {TEMPLATES.map(([value, text]) => (
                        <FormSelectOption key={value} value={value} label={text} />
                    ))}
                </FormSelect>
                <FieldHelp>The user name that people get in the app. Those who have the app already keep theirs.</FieldHelp>
            </FormGroup>
            {mayChange && (
                <ActionGroup>
                    <ActButton type="submit" isDisabled={!changed || !label.trim()} pending={save.isPending}>
                        Save
                    </ActButton>
                    <ActButton
                        variant="link"
                        isDisabled={!changed}
                        onClick={() => setDraft({})}
                    >
                        Cancel
                    </ActButton>
                </ActionGroup>
            )}
        </Form>
    );
}

function Lifecycle({ app }: { app: App }) {
    const navigate = useNavigate();
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const mayPause = useMay('OPERATOR');
    const [asking, setAsking] = useState<'deactivate' | 'delete' | null>(null);
    const act = async (action: string, said: string) => {
        await change('POST', `/api/v1/apps/${app.id}/lifecycle/${action}`);
        toasts.done(said);
    };
    const mutation = useMutation({
        mutationFn: ([action, said]: [string, string]) => act(action, said),
        onError: (error) => toasts.failed('Not done', error),
    });
    const active = app.status === 'ACTIVE';
    if (!mayPause) return null;
    return (
        <Flex>
            {active && (
                <ActButton
                    variant="secondary"
                    pending={mutation.isPending}
                    onClick={() =>
                        mutation.mutate(app.paused ? ['resume', `${app.label} goes on`] : ['pause', `${app.label} is paused`])
                    }
                >
                    {app.paused ? 'Resume' : 'Pause'}
                </ActButton>
            )}
            {mayChange &&
                (active ? (
                    <Button variant="secondary" isDanger onClick={() => setAsking('deactivate')}>
                        Deactivate
                    </Button>
                ) : (
                    <>
                        <ActButton
                            variant="secondary"
                            pending={mutation.isPending}
                            onClick={() => mutation.mutate(['activate', `${app.label} is active`])}
                        >
                            Activate
                        </ActButton>
                        <Button variant="danger" onClick={() => setAsking('delete')}>
                            Delete
                        </Button>
                    </>
                ))}
            {asking === 'deactivate' && (
                <Confirm
                    title={`Deactivate ${app.label}?`}
                    action="Deactivate"
                    close={() => setAsking(null)}
                    run={() => act('deactivate', `${app.label} is inactive`)}
                >
                    Nothing more is sent to the app. 0 accounts and 0 groups are changed in it: what is there stays there. Assignments and
                    pushed groups are kept and go on when it is activated again.
                </Confirm>
            )}
            {asking === 'delete' && (
                <Confirm
                    title={`Delete ${app.label}?`}
                    action="Delete"
                    close={() => setAsking(null)}
                    run={async () => {
                        await change('DELETE', `/api/v1/apps/${app.id}`);
                        toasts.done(`${app.label} is deleted`);
                        navigate('/applications');
                    }}
                >
                    Its connection, all its assignments, pushed groups and push rules are deleted in Muster. 0 accounts and 0 groups are
                    changed in the app itself: nothing is sent to it. This cannot be undone.
                </Confirm>
            )}
        </Flex>
    );
}

export default function General({ app }: { app: App }) {
    const mayChange = useMay('ADMIN');
    return (
        <Stack hasGutter>
            <StackItem>
                <Card>
                    <CardTitle component="h2">App settings</CardTitle>
                    <CardBody>
                        <Settings app={app} mayChange={mayChange} />
                    </CardBody>
                </Card>
            </StackItem>
            <StackItem>
                <Card>
                    <CardTitle component="h2">Status</CardTitle>
                    <CardBody>
                        <DescriptionList isHorizontal isCompact>
                            <DescriptionListGroup>
                                <DescriptionListTerm>Created</DescriptionListTerm>
                                <DescriptionListDescription>
                                    <Time iso={app.created} />
                                </DescriptionListDescription>
                            </DescriptionListGroup>
                            <DescriptionListGroup>
                                <DescriptionListTerm>Last changed</DescriptionListTerm>
                                <DescriptionListDescription>
                                    <Time iso={app.lastUpdated} />
                                </DescriptionListDescription>
                            </DescriptionListGroup>
                            <DescriptionListGroup>
                                <DescriptionListTerm>Id</DescriptionListTerm>
                                <DescriptionListDescription>
                                    <code>{app.id}</code>
                                </DescriptionListDescription>
                            </DescriptionListGroup>
                        </DescriptionList>
                    </CardBody>
                    <CardBody>
                        <Lifecycle app={app} />
                    </CardBody>
                </Card>
            </StackItem>
            <StackItem>
                <LimitsCard app={app} />
            </StackItem>
        </Stack>
    );
}
