// SPDX-License-Identifier: Apache-2.0
import { ActionGroup, Alert, Card, CardBody, CardTitle, Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { Navigate, useLocation } from 'react-router-dom';
import { ApiError, change } from '../api/client';
import type { Session } from '../api/types';
import { useSession } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';

// The two refusals that happen to people who do nothing wrong, in one sentence each.
function refusalOf(error: unknown): string | null {
    if (!(error instanceof ApiError)) return null;
    if (error.status === 401) return 'The e-mail address or the password is wrong';
    return error.status === 429 ? 'There were too many failures; try again in five minutes' : null;
}

export function SignIn() {
    const { session, loading, begin } = useSession();
    const to = (useLocation().state as { to?: string } | null)?.to ?? '/';
    const [email, setEmail] = useState('');
    const [password, setPassword] = useState('');
    const signIn = useMutation({
        mutationFn: () => change<Session>('POST', '/api/v1/session', { email, password }),
        onSuccess: begin,
    });
    const refusal = refusalOf(signIn.error);
    useEffect(() => {
        document.title = 'Sign in · Muster';
    }, []);
    if (loading) return <Loading what="your session" />;
    if (session) return <Navigate to={to} replace />;
    return (
        <main className="muster-sign-in">
            <Card>
                <CardTitle component="h1">Sign in to Muster</CardTitle>
                <CardBody>
                    <Form
                        onSubmit={(event) => {
                            event.preventDefault();
                            signIn.mutate();
                        }}
                    >
                        {refusal ? (
                            <Alert variant="danger" component="p" isInline title={refusal} />
                        ) : (
                            <ErrorAlert error={signIn.error} title="Not signed in" />
                        )}
                        <FormGroup label="E-mail address" fieldId="email" isRequired>
                            <TextInput
                                id="email"
                                type="email"
                                autoComplete="username"
                                autoFocus
                                isRequired
                                value={email}
                                onChange={(_event, value) => setEmail(value)}
                            />
                        </FormGroup>
                        <FormGroup label="Password" fieldId="password" isRequired>
                            <TextInput
                                id="password"
                                type="password"
                                autoComplete="current-password"
                                isRequired
                                value={password}
                                onChange={(_event, value) => setPassword(value)}
                            />
                        </FormGroup>
                        <ActionGroup>
                            <ActButton type="submit" isDisabled={!email || !password} pending={signIn.isPending}>
                                Sign in
                            </ActButton>
                        </ActionGroup>
                        <p>
                            No password yet, or forgotten? An administrator makes a link for you. On the server, <code>muster admin reset</code>{' '}
                            makes one for an administrator.
                        </p>
                    </Form>
                </CardBody>
            </Card>
        </main>
    );
}
