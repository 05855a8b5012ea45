// SPDX-License-Identifier: Apache-2.0
// A link that works once: the first administrator says who that is; who was invited, or has a new link, sets a password.
import { ActionGroup, Card, CardBody, CardTitle, Content, Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';
import { ApiError, change } from '../api/client';
import type { Session } from '../api/types';
import { useSession } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Nothing } from '../ui/states';

const FIELDS = ['name', 'email', 'password'];

export default function Welcome() {
    const navigate = useNavigate();
    const { begin } = useSession();
    // Only the browser has seen what is behind '#'.
    const token = useLocation().hash.slice(1);
    const [values, setValues] = useState({ name: '', email: '', password: '', again: '' });
    // The link itself says whether it is the first one: claiming it without a name is refused then, and nothing is used up.
    const [first, setFirst] = useState(false);
    const claim = useMutation({
        mutationFn: () =>
            change<Session>('POST', '/api/v1/session/claim', {
                token,
                password: values.password,
                ...(first ? { name: values.name, email: values.email } : {}),
            }),
        onSuccess: (session) => {
            begin(session);
            navigate('/', { replace: true });
        },
        onError: (error) => {
            if (!first && error instanceof ApiError && (error.fields['email'] ?? error.fields['name'])) {
                setFirst(true);
                claim.reset();
            }
        },
    });
    useEffect(() => {
        document.title = 'Welcome · Muster';
    }, []);
    if (!token)
        return (
            <main className="muster-sign-in">
                <Nothing level="h1" title="This link is not complete">
                    Open it as it was given to you, with everything behind the character #.
                </Nothing>
            </main>
        );
    const set = (name: keyof typeof values) => (_event: unknown, value: string) => setValues({ ...values, [name]: value });
    const differs = values.again !== '' && values.again !== values.password;
    const ready = values.password && values.again === values.password && (!first || (values.name && values.email));
    return (
        <main className="muster-sign-in">
            <Card>
                <CardTitle component="h1">Welcome to Muster</CardTitle>
                <CardBody>
                    <Form
                        onSubmit={(event) => {
                            event.preventDefault();
                            claim.mutate();
                        }}
                    >
                        <Content component="p">
                            {first
                                ? 'You are the first administrator. Say who you are.'
                                : 'Choose the password with which you will sign in. This link works once.'}
                        </Content>
                        <ErrorAlert error={claim.error} title="The password was not set" fields={FIELDS} />
                        {first && (
                            <>
                                <FormGroup label="Name" fieldId="name" isRequired>
                                    <TextInput
                                        id="name"
                                        autoComplete="name"
                                        autoFocus
                                        isRequired
                                        value={values.name}
                                        onChange={set('name')}
                                        validated={isWrong(claim.error, 'name') ? 'error' : 'default'}
                                    />
                                    <FieldHelp error={claim.error} field="name" />
                                </FormGroup>
                                <FormGroup label="E-mail address" fieldId="email" isRequired>
                                    <TextInput
                                        id="email"
                                        type="email"
                                        autoComplete="username"
                                        isRequired
                                        value={values.email}
                                        onChange={set('email')}
                                        validated={isWrong(claim.error, 'email') ? 'error' : 'default'}
                                    />
                                    <FieldHelp error={claim.error} field="email" />
                                </FormGroup>
                            </>
                        )}
                        <FormGroup label="Password" fieldId="password" isRequired>
                            <TextInput
                                id="password"
                                type="password"
                                autoComplete="new-password"
                                isRequired
                                value={values.password}
                                onChange={set('password')}
                                validated={isWrong(claim.error, 'password') ? 'error' : 'default'}
                            />
                            <FieldHelp error={claim.error} field="password">
                                12 to 72 characters
                            </FieldHelp>
                        </FormGroup>
                        <FormGroup label="The same again" fieldId="again" isRequired>
                            <TextInput
                                id="again"
                                type="password"
                                autoComplete="new-password"
                                isRequired
                                value={values.again}
                                onChange={set('again')}
                                validated={differs ? 'error' : 'default'}
                            />
                            <FieldHelp>{differs ? 'This is not the same password' : ''}</FieldHelp>
                        </FormGroup>
                        <ActionGroup>
                            <ActButton type="submit" isDisabled={!ready} pending={claim.isPending}>
                                {first ? 'Begin' : 'Set password and sign in'}
                            </ActButton>
                        </ActionGroup>
                    </Form>
                </CardBody>
            </Card>
        </main>
    );
}
