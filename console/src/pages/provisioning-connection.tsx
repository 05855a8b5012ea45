// SPDX-License-Identifier: Apache-2.0
// Integration: base URL and credential. Saving asks the app first; what it answers is shown when that fails.
import {
    ActionGroup,
    Alert,
    Button,
    Card,
    CardBody,
    CardHeader,
    CardTitle,
    Checkbox,
    Flex,
    Form,
    FormGroup,
    FormSelect,
    FormSelectOption,
    Label,
    TextInput,
} from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { App, Connection } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';

type Scheme = 'BEARER' | 'BASIC' | 'HEADER';
const SCHEMES: [Scheme, string][] = [
    ['BEARER', 'HTTP header: Authorization: Bearer'],
    ['BASIC', 'Basic: user name and password'],
    ['HEADER', 'HTTP header of its own'],
];
const FIELDS = ['baseUrl', 'token', 'userName', 'username', 'password', 'headerName'];

function status(connection: Connection) {
    if (connection.status === 'ENABLED') return <Label color="green">Enabled</Label>;
    if (connection.status === 'DISABLED') return <Label color="grey">Off</Label>;
    return <Label color="grey">Not connected</Label>;
}

interface Values {
    baseUrl: string;
    scheme: Scheme;
    secret: string;
    userName: string;
    headerName: string;
    allowPlainHttp: boolean;
}

function bodyOf(values: Values) {
    const { scheme, secret } = values;
    return {
        baseUrl: values.baseUrl.trim(),
        profile: {
            authScheme: 'TOKEN',
            scheme,
            allowPlainHttp: values.allowPlainHttp,
            ...(scheme === 'BASIC' ? { userName: values.userName } : {}),
            ...(scheme === 'HEADER' ? { headerName: values.headerName } : {}),
            ...(secret ? { [scheme === 'BASIC' ? 'password' : 'token']: secret } : {}),
        },
    };
}

function ConnectionForm({ app, connection, done }: { app: App; connection: Connection; done: () => void }) {
    const toasts = useToasts();
    const known = connection.status !== 'UNKNOWN';
    const [values, setValues] = useState<Values>({
        baseUrl: connection.baseUrl ?? '',
        scheme: connection.profile.scheme ?? 'BEARER',
        secret: '',
        userName: connection.profile.userName ?? '',
        headerName: connection.profile.headerName ?? '',
        allowPlainHttp: connection.profile.allowPlainHttp ?? false,
    });
    const set = (change_: Partial<Values>) => setValues({ ...values, ...change_ });
    const save = useMutation({
        mutationFn: () => change<Connection>('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, bodyOf(values)),
        onSuccess: (saved) => {
            // What did not work is kept too, switched off; the card says what the app answered.
            if (!saved.verifyError) toasts.done(`${app.label} answered as it should; the connection is saved`);
            done();
        },
    });
    const wrong = (field: string) => (isWrong(save.error, field) ? 'error' : 'default');
    const secretField = values.scheme === 'BASIC' ? 'password' : 'token';
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                save.mutate();
            }}
        >
            <ErrorAlert error={save.error} title="The connection was not saved" fields={FIELDS} />
            <FormGroup label="SCIM base URL" fieldId="base-url" isRequired>
                <TextInput
                    id="base-url"
                    type="url"
                    isRequired
                    value={values.baseUrl}
                    onChange={(_event, value) => set({ baseUrl: value })}
                    validated={wrong('baseUrl')}
                />
                <FieldHelp error={save.error} field="baseUrl">
                    Below it are /Users and /Groups, for example https://app.example.com/scim/v2
                </FieldHelp>
            </FormGroup>
            <FormGroup label="Authentication mode" fieldId="scheme">
                <FormSelect id="scheme" value={values.scheme} onChange={(_event, value) => set({ scheme: value as Scheme })}>
                    {SCHEMES.map(([value, text]) => (
                        <FormSelectOption key={value} value={value} label={text} />
                    ))}
                </FormSelect>
            </FormGroup>
            {values.scheme === 'BASIC' && (
                <FormGroup label="User name" fieldId="user-name" isRequired>
                    <TextInput
                        id="user-name"
                        autoComplete="off"
                        value={values.userName}
                        onChange={(_event, value) => set({ userName: value })}
                        validated={wrong('userName')}
                    />
                    <FieldHelp error={save.error} field="userName" />
                </FormGroup>
            )}
            {values.scheme === 'HEADER' && (
                <FormGroup label="Name of the header" fieldId="header-name" isRequired>
                    <TextInput
                        id="header-name"
                        value={values.headerName}
                        onChange={(_event, value) => set({ headerName: value })}
                        validated={wrong('headerName')}
                    />
                    <FieldHelp error={save.error} field="headerName" />
                </FormGroup>
            )}
            <FormGroup label={values.scheme === 'BASIC' ? 'Password' : 'API token'} fieldId="secret" isRequired={!known}>
                <TextInput
                    id="secret"
                    type="password"
                    autoComplete="off"
                    value={values.secret}
                    onChange={(_event, value) => set({ secret: value })}
                    validated={wrong(secretField)}
                />
                <FieldHelp error={save.error} field={secretField}>
                    {known
                        ? 'Leave it empty to keep the stored one. It is needed again when scheme, host or port of the URL change.'
                        : 'It is stored sealed and never shown again.'}
                </FieldHelp>
            </FormGroup>
            <Checkbox
                id="plain-http"
                label="Allow plain http: to another machine"
                description="Everybody on the way can read the credential then."
                isChecked={values.allowPlainHttp}
                onChange={(_event, checked) => set({ allowPlainHttp: checked })}
            />
            <ActionGroup>
                <ActButton type="submit" isDisabled={!values.baseUrl.trim()} pending={save.isPending}>
                    {save.isPending ? 'Asking the app' : 'Test and save'}
                </ActButton>
                {known && (
                    <Button variant="link" onClick={done}>
                        Cancel
                    </Button>
                )}
            </ActionGroup>
        </Form>
    );
}

export function ConnectionCard({ app, connection }: { app: App; connection: Connection }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const [editing, setEditing] = useState(false);
    const [asking, setAsking] = useState(false);
    const path = `/api/v1/apps/${app.id}/connections/default`;
    const known = connection.status !== 'UNKNOWN';
    const enabled = connection.status === 'ENABLED';
    // The same values again: the app is asked, and the answer is stored.
    const test = useMutation({
        mutationFn: () =>
            change<Connection>('POST', path, {
                baseUrl: connection.baseUrl,
                profile: {
                    authScheme: 'TOKEN',
                    scheme: connection.profile.scheme,
                    allowPlainHttp: connection.profile.allowPlainHttp,
                    ...(connection.profile.userName ? { userName: connection.profile.userName } : {}),
                    ...(connection.profile.headerName ? { headerName: connection.profile.headerName } : {}),
                },
            }),
    });
    const activate = useMutation({
        mutationFn: () => change('POST', `${path}/lifecycle/activate`),
        onSuccess: () => toasts.done('The connection is on'),
        onError: (error) => toasts.failed('The connection is still off', error),
    });
    return (
        <Card>
            <CardHeader>
                <CardTitle component="h2">Integration {status(connection)}</CardTitle>
            </CardHeader>
            <CardBody>
                {!known && !mayChange && 'Nobody has connected this app yet; an administrator can.'}
                {mayChange && (editing || !known) && (
                    <ConnectionForm app={app} connection={connection} done={() => setEditing(false)} />
                )}
                {known && !(mayChange && editing) && (
                    <>
                        <p className="muster-break">
                            <code>{connection.baseUrl}</code>
                        </p>
                        <p>
                            Last answered as it should: <Time iso={connection.verified} />
                        </p>
                        {connection.verifyError && (
                            <Alert variant="danger" component="p" isInline title={`${app.label} does not answer as it should`}>
                                <p className="muster-break">{connection.verifyError}</p>
                                <p>The connection is off. Mend it, or edit the connection; then test it again.</p>
                            </Alert>
                        )}
                        {test.isSuccess && !test.data.verifyError && (
                            <Alert variant="success" component="p" isInline isPlain title={`${app.label} answers as it should`} />
                        )}
                        <ErrorAlert error={test.error} title="The test failed" />
                    </>
                )}
            </CardBody>
            {known && mayChange && !editing && (
                <CardBody>
                    <Flex>
                        <ActButton variant="secondary" pending={test.isPending} onClick={() => test.mutate()}>
                            Test connection
                        </ActButton>
                        <Button variant="secondary" onClick={() => setEditing(true)}>
                            Edit
                        </Button>
                        {enabled ? (
                            <Button variant="link" isDanger onClick={() => setAsking(true)}>
                                Turn off
                            </Button>
                        ) : (
                            <ActButton variant="link" pending={activate.isPending} onClick={() => activate.mutate()}>
                                Turn on
                            </ActButton>
                        )}
                    </Flex>
                </CardBody>
            )}
            {asking && (
                <Confirm
                    title="Turn the connection off?"
                    action="Turn off"
                    close={() => setAsking(false)}
                    run={async () => {
                        await change('POST', `${path}/lifecycle/deactivate`);
                        toasts.done('The connection is off');
                    }}
                >
                    Nothing more is sent to {app.label}. 0 accounts and 0 groups are changed in it. What changes meanwhile waits until the
                    connection is on again.
                </Confirm>
            )}
        </Card>
    );
}
