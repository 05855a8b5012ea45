// SPDX-License-Identifier: Apache-2.0
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { Session } from '../api/types';
import { useSession } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { useToasts } from '../ui/toasts';

export function ChangePassword({ close }: { close: () => void }) {
    const { begin } = useSession();
    const toasts = useToasts();
    const [currentPassword, setCurrent] = useState('');
    const [newPassword, setNew] = useState('');
    const save = useMutation({
        mutationFn: () => change<Session | null>('POST', '/api/v1/session/password', { currentPassword, newPassword }),
        onSuccess: (session) => {
            if (session) begin(session);
            toasts.done('Your password is changed; your other sessions have ended');
            close();
        },
    });
    return (
        <Modal isOpen variant="small" aria-label="Change password" onClose={close}>
            <ModalHeader title="Change password" />
            <ModalBody>
                <Form
                    id="change-password"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title="The password was not changed" fields={['currentPassword', 'newPassword']} />
                    <FormGroup label="Current password" fieldId="current-password" isRequired>
                        <TextInput
                            id="current-password"
                            type="password"
                            autoComplete="current-password"
                            value={currentPassword}
                            onChange={(_event, value) => setCurrent(value)}
                            validated={isWrong(save.error, 'currentPassword') ? 'error' : 'default'}
                        />
                        <FieldHelp error={save.error} field="currentPassword" />
                    </FormGroup>
                    <FormGroup label="New password" fieldId="new-password" isRequired>
                        <TextInput
                            id="new-password"
                            type="password"
                            autoComplete="new-password"
                            value={newPassword}
                            onChange={(_event, value) => setNew(value)}
                            validated={isWrong(save.error, 'newPassword') ? 'error' : 'default'}
                        />
                        <FieldHelp error={save.error} field="newPassword">
                            12 to 72 characters. All your other sessions end.
                        </FieldHelp>
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton
                    type="submit"
                    form="change-password"
                    isDisabled={!currentPassword || !newPassword}
                    pending={save.isPending}
                >
                    Change password
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
