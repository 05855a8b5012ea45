// SPDX-License-Identifier: Apache-2.0
import { Button, Checkbox, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import type { User } from '../api/types';
import { ActButton } from '../ui/act-button';
import { AttributeFields, type Values } from '../ui/attributes';
import { ErrorAlert } from '../ui/errors';
import { personName } from '../ui/people';
import { useAttributes } from '../ui/schema';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

export function CreatePerson({ close }: { close: () => void }) {
    const navigate = useNavigate();
    const toasts = useToasts();
    const attributes = useAttributes('user');
    const [values, setValues] = useState<Values>({});
    const [activate, setActivate] = useState(true);
    const create = useMutation({
        mutationFn: () => {
            const profile = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
            return change<User>('POST', `/api/v1/users?activate=${activate}`, { profile });
        },
        onSuccess: (user) => {
            toasts.done(`${personName(user.profile)} is added`);
            navigate(`/people/${user.id}`);
        },
    });
    return (
        <Modal isOpen variant="medium" aria-label="Add person" onClose={close}>
            <ModalHeader title="Add person" />
            <ModalBody>
                {attributes ? (
                    <Form
                        id="create-person"
                        onSubmit={(event) => {
                            event.preventDefault();
                            create.mutate();
                        }}
                    >
                        <ErrorAlert error={create.error} title="Nobody was added" fields={attributes.map(({ name }) => name)} />
                        <AttributeFields attributes={attributes} values={values} change={setValues} error={create.error} />
                        <Checkbox
                            id="activate"
                            label="Activate at once"
                            description="Otherwise the person is staged, and has no accounts in apps."
                            isChecked={activate}
                            onChange={(_event, checked) => setActivate(checked)}
                        />
                    </Form>
                ) : (
                    <Loading what="the attributes" />
                )}
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="create-person" isDisabled={!attributes} pending={create.isPending}>
                    Add
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
