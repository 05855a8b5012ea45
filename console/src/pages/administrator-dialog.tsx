// SPDX-License-Identifier: Apache-2.0
// Invites an administrator, or changes one.
import { Button, Form, FormGroup, FormSelect, FormSelectOption, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import { ROLES, type Administrator } from '../api/settings';
import type { Role } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';

const ADMINISTRATORS = '/api/v1/administrators';
const FIELDS = ['name', 'email', 'role'] as const;

export function AdministratorDialog({
    administrator,
    done,
    close,
}: {
    administrator: Administrator | null; // null: a new one
    done: (administrator: Administrator) => void;
    close: () => void;
}) {
    const [name, setName] = useState(administrator?.name ?? '');
    const [email, setEmail] = useState(administrator?.email ?? '');
    const [role, setRole] = useState<Role>(administrator?.role ?? 'OPERATOR');
    const save = useMutation({
        mutationFn: () =>
            administrator
                ? change<Administrator>('PUT', `${ADMINISTRATORS}/${administrator.id}`, { name, email, role })
                : change<Administrator>('POST', ADMINISTRATORS, { name, email, role }),
        onSuccess: done,
    });
    const title = administrator ? 'Edit administrator' : 'Invite administrator';
    const wrong = (field: (typeof FIELDS)[number]) => (isWrong(save.error, field) ? 'error' : 'default');
    return (
        <Modal isOpen variant="small" aria-label={title} onClose={close}>
            <ModalHeader title={title} description={administrator ? undefined : 'You get a link to send to the person. Muster sends no mail.'} />
            <ModalBody>
                <Form
                    id="administrator"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title={administrator ? 'Nothing was changed' : 'Nobody was invited'} fields={FIELDS} />
                    <FormGroup label="Name" fieldId="administrator-name" isRequired>
                        <TextInput id="administrator-name" autoFocus isRequired value={name} onChange={(_event, value) => setName(value)} validated={wrong('name')} />
                        <FieldHelp error={save.error} field="name" />
                    </FormGroup>
                    <FormGroup label="E-mail address" fieldId="administrator-email" isRequired>
                        <TextInput id="administrator-email" isRequired value={email} onChange={(_event, value) => setEmail(value)} validated={wrong('email')} />
                        <FieldHelp error={save.error} field="email">
                            It is what they sign in with.
                        </FieldHelp>
                    </FormGroup>
                    <FormGroup label="Role" fieldId="administrator-role">
                        <FormSelect id="administrator-role" value={role} onChange={(_event, value) => setRole(value as Role)} validated={wrong('role')}>
                            {ROLES.map(([value, text]) => (
                                <FormSelectOption key={value} value={value} label={text} />
                            ))}
                        </FormSelect>
                        <FieldHelp error={save.error} field="role" />
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="administrator" isDisabled={!name.trim() || !email.trim()} pending={save.isPending}>
                    {administrator ? 'Save' : 'Invite'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
