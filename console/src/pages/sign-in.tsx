// SPDX-License-Identifier: Apache-2.0
import { ActionGroup, Alert, Button, Card, CardBody, CardTitle, Form, FormGroup, Modal, ModalBody, ModalHeader, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
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

function SignInForm({ given = '' }: { given?: string }) {
    const { begin } = useSession();
    const [email, setEmail] = useState(given);
    const [password, setPassword] = useState('');
    const signIn = useMutation({
        mutationFn: () => change<Session>('POST', '/api/v1/session', { email, password }),
        onSuccess: begin,
        onSettled: () => undefined, // what is read anew would wait for this
    });
    const refusal = refusalOf(signIn.error);
    return (
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
            <FormGroup label="E-mail address" fieldId="sign-in-email" isRequired>
                <TextInput
                    id="sign-in-email"
                    type="email"
                    autoComplete="username"
                    autoFocus={!given}
                    isRequired
                    value={email}
                    onChange={(_event, value) => setEmail(value)}
                />
            </FormGroup>
            <FormGroup label="Password" fieldId="sign-in-password" isRequired>
                <TextInput
                    id="sign-in-password"
                    autoFocus={Boolean(given)}
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
    );
}

export function SignIn() {
    const { session, loading } = useSession();
    const to = (useLocation().state as { to?: string } | null)?.to ?? '/';
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
                    <SignInForm />
                </CardBody>
            </Card>
        </main>
    );
}

// Over the page, and over a dialog that is open there, which hears nothing of the keys.
export function SignInAgain() {
    const { session, leave } = useSession();
    const ref = useRef<HTMLDivElement>(null);
    // The dialog beneath hides all but itself from screen readers each time that it is drawn.
    useEffect(() => {
        const place = ref.current?.closest('body > *');
        if (!place) return undefined;
        const show = () => place.removeAttribute('aria-hidden');
        show();
        const hidden = new MutationObserver(show);
        hidden.observe(place, { attributes: true, attributeFilter: ['aria-hidden'] });
        return () => hidden.disconnect();
    }, []);
    return (
        <Modal isOpen variant="small" aria-label="Sign in to Muster">
            <ModalHeader title="Sign in to Muster" description="Your session has ended. What you were doing is kept, and goes on when you sign in." />
            <ModalBody onKeyDown={(event) => event.key === 'Escape' && event.stopPropagation()}>
                <div ref={ref}>
                    <SignInForm given={session?.email} />
                </div>
                <br />
                <Button variant="link" isInline onClick={leave}>
                    Leave this page
                </Button>
            </ModalBody>
        </Modal>
    );
}
