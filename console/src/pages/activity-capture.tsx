// SPDX-License-Identifier: Apache-2.0
// Full capture: for some minutes the requests to an app and its answers are kept as they are.
import { Alert, AlertActionLink, Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';

interface CaptureState {
    status: 'ON' | 'OFF';
    until?: string;
    startedBy?: string;
}

const MINUTES = '30';

function Start({ app, path, close }: { app: App; path: string; close: () => void }) {
    const toasts = useToasts();
    const [minutes, setMinutes] = useState(MINUTES);
    const start = useMutation({
        mutationFn: () => change('PUT', path, { minutes: Number(minutes) }),
        onSuccess: () => {
            toasts.done('Requests and answers are kept in full');
            close();
        },
    });
    return (
        <Modal isOpen variant="small" aria-label="Keep requests in full" onClose={close}>
            <ModalHeader title="Keep requests in full?" description={app.label} />
            <ModalBody>
                <Form
                    id="capture"
                    onSubmit={(event) => {
                        event.preventDefault();
                        start.mutate();
                    }}
                >
                    <p>
                        Requests to the app and its answers are kept with all that they say of people, until the time is up. Credentials are
                        never kept.
                    </p>
                    <ErrorAlert error={start.error} title="Not started" fields={['minutes']} />
                    <FormGroup label="Minutes" fieldId="minutes" isRequired>
                        <TextInput
                            id="minutes"
                            inputMode="numeric"
                            value={minutes}
                            onChange={(_event, value) => setMinutes(value)}
                            validated={isWrong(start.error, 'minutes') ? 'error' : 'default'}
                        />
                        <FieldHelp error={start.error} field="minutes">
                            From 1 to 1,440, which is a day.
                        </FieldHelp>
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="capture" isDisabled={!minutes} pending={start.isPending}>
                    Start
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}

export function Capture({ app }: { app: App }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const [asking, setAsking] = useState(false);
    const path = `/api/v1/apps/${app.id}/capture`;
    const { data } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<CaptureState>(path, {}, signal) });
    const end = useMutation({
        mutationFn: () => change('DELETE', path),
        onSuccess: () => toasts.done('Requests are redacted again'),
        onError: (error) => toasts.failed('Not ended', error),
    });
    if (!data) return null;
    if (data.status === 'ON')
        return (
            <Alert
                variant="warning"
                isInline
                component="p"
                title="Requests and answers are kept in full"
                actionLinks={
                    mayChange && (
                        <AlertActionLink isAriaDisabled={end.isPending} onClick={() => end.mutate()}>
                            End now
                        </AlertActionLink>
                    )
                }
            >
                Until <Time iso={data.until} />, asked for by {data.startedBy}.
            </Alert>
        );
    if (!mayChange) return null;
    return (
        <>
            <Button variant="secondary" onClick={() => setAsking(true)}>
                Keep requests in full
            </Button>
            {asking && <Start app={app} path={path} close={() => setAsking(false)} />}
        </>
    );
}
