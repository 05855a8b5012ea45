// SPDX-License-Identifier: Apache-2.0
// Makes a group, or changes `group`.
import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import type { Group } from '../api/types';
import { ActButton } from '../ui/act-button';
import { AttributeFields, type Values } from '../ui/attributes';
import { ErrorAlert } from '../ui/errors';
import { useAttributes } from '../ui/schema';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

export function GroupDialog({ group, close }: { group?: Group; close: () => void }) {
    const navigate = useNavigate();
    const toasts = useToasts();
    const attributes = useAttributes('group');
    const [values, setValues] = useState<Values>({ description: null, ...group?.profile });
    const save = useMutation({
        mutationFn: () => {
            const profile = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
            return change<Group>(group ? 'PUT' : 'POST', group ? `/api/v1/groups/${group.id}` : '/api/v1/groups', { profile });
        },
        onSuccess: (saved) => {
            toasts.done(group ? `${saved.profile.name} is changed` : `${saved.profile.name} is added`);
            if (group) close();
            else navigate(`/groups/${saved.id}`);
        },
    });
    const title = group ? `Edit ${group.profile.name}` : 'Add group';
    return (
        <Modal isOpen variant="small" aria-label={title} onClose={close}>
            <ModalHeader title={title} description={group && 'Another name reaches the apps that it is pushed to.'} />
            <ModalBody>
                {attributes ? (
                    <Form
                        id="group-dialog"
                        onSubmit={(event) => {
                            event.preventDefault();
                            save.mutate();
                        }}
                    >
                        <ErrorAlert
                            error={save.error}
                            title={group ? 'The group was not changed' : 'The group was not added'}
                            fields={attributes.map(({ name }) => name)}
                        />
                        <AttributeFields attributes={attributes} values={values} change={setValues} error={save.error} />
                    </Form>
                ) : (
                    <Loading what="the attributes" />
                )}
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="group-dialog" isDisabled={!attributes} pending={save.isPending}>
                    {group ? 'Save' : 'Add'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
