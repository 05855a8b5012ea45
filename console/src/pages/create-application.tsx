// SPDX-License-Identifier: Apache-2.0
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import type { App } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { useToasts } from '../ui/toasts';

export function CreateApplication({ close }: { close: () => void }) {
    const navigate = useNavigate();
    const toasts = useToasts();
    const [label, setLabel] = useState('');
    const create = useMutation({
        mutationFn: () => change<App>('POST', '/api/v1/apps', { label, signOnMode: 'AUTO_LOGIN' }),
        onSuccess: (app) => {
            toasts.done(`${app.label} is created; connect it now`);
            navigate(`/applications/${app.id}/provisioning`);
        },
    });
    return (
        <Modal isOpen variant="small" aria-label="Create app integration" onClose={close}>
            <ModalHeader title="Create app integration" description="An app with a SCIM 2.0 server." />
            <ModalBody>
                <Form
                    id="create-application"
                    onSubmit={(event) => {
                        event.preventDefault();
                        create.mutate();
                    }}
                >
                    <ErrorAlert error={create.error} title="The app was not created" fields={['label']} />
                    <FormGroup label="App name" fieldId="label" isRequired>
                        <TextInput
                            id="label"
                            autoFocus
                            isRequired
                            value={label}
                            onChange={(_event, value) => setLabel(value)}
                            validated={isWrong(create.error, 'label') ? 'error' : 'default'}
                        />
                        <FieldHelp error={create.error} field="label">
                            As people know it. Nothing is sent to the app before it is connected.
                        </FieldHelp>
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="create-application" isDisabled={!label.trim()} pending={create.isPending}>
                    Create
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
