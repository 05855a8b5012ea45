// SPDX-License-Identifier: Apache-2.0
// Edits what one attribute of the app gets: the expression is checked as one types, and tried on a person before it is saved.
import { Button, Form, FormGroup, FormSelect, FormSelectOption, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { AppAttribute, Mapped, PushStatus } from '../api/mapping';
import type { App } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { ExpressionEditor } from '../ui/expression';
import { useToasts } from '../ui/toasts';
import { Preview } from './profile-mapping-preview';

type Sent = PushStatus | 'NOT_MAPPED';

export function EditAttribute({
    app,
    mappingId,
    attribute,
    stored,
    close,
}: {
    app: App;
    mappingId: string;
    attribute: AppAttribute;
    stored: Mapped | undefined;
    close: () => void;
}) {
    const toasts = useToasts();
    const [expression, setExpression] = useState(stored?.expression ?? '');
    const [sent, setSent] = useState<Sent>(stored ? stored.pushStatus : 'PUSH');
    const path = `/api/v1/mappings/${mappingId}`;
    const property = sent === 'NOT_MAPPED' ? null : { expression, pushStatus: sent };
    const properties = { [attribute.name]: property };
    const field = `properties.${attribute.name}.expression`;
    const save = useMutation({
        mutationFn: () => change('POST', path, { properties }),
        onSuccess: () => {
            toasts.done(`The mapping of ${attribute.title} is saved; everybody who has ${app.label} is looked at`);
            close();
        },
    });
    const title = `Mapping of ${attribute.title}`;
    return (
        <Modal isOpen variant="medium" aria-label={title} onClose={close}>
            <ModalHeader title={title} description={`${attribute.place}, ${attribute.type}`} />
            <ModalBody>
                <Form
                    id="mapping"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title="The mapping was not saved" fields={[field]} />
                    <FormGroup label="Sent" fieldId="sent">
                        <FormSelect id="sent" value={sent} onChange={(_event, value) => setSent(value as Sent)}>
                            <FormSelectOption value="PUSH" label="when the account is created, and whenever it changes" />
                            <FormSelectOption value="DONT_PUSH" label="when the account is created, and never again" />
                            <FormSelectOption value="NOT_MAPPED" label="never: not mapped" />
                        </FormSelect>
                    </FormGroup>
                    {sent === 'NOT_MAPPED' ? (
                        <p>New accounts do not get it. Accounts that are there keep what they have.</p>
                    ) : (
                        <ExpressionEditor
                            id="expression"
                            label="Expression"
                            value={expression}
                            onChange={setExpression}
                            checkedBy={{ path: `${path}/check`, more: { property: attribute.name, pushStatus: sent } }}
                            error={save.error}
                            field={field}
                            help={'As in user.department ?: "none"'}
                            isRequired
                        />
                    )}
                </Form>
                <Preview mappingId={mappingId} attributes={[attribute]} properties={properties} />
            </ModalBody>
            <ModalFooter>
                <ActButton
                    type="submit"
                    form="mapping"
                    isDisabled={property !== null && !expression.trim()}
                    pending={save.isPending}
                >
                    Save
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
