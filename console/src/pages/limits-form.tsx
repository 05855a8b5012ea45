// SPDX-License-Identifier: Apache-2.0
// A card with one setting of the organisation: its fields, and Save when something was changed.
import { ActionGroup, Card, CardBody, CardTitle, Content, Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useId, type ReactNode } from 'react';
import { change } from '../api/client';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { useToasts } from '../ui/toasts';

export function SettingCard<T>({
    title,
    text,
    path,
    body,
    changed,
    fields = [],
    children,
}: {
    title: string;
    text: string;
    path: string;
    body: () => T;
    changed: boolean;
    fields?: readonly string[]; // whose errors stand beside them
    children: (error: Error | null, readOnly: boolean) => ReactNode;
}) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const id = useId();
    const save = useMutation({
        mutationFn: () => change('PUT', path, body()),
        onSuccess: () => toasts.done(`${title}: saved`),
    });
    return (
        <Card>
            <CardTitle component="h2" id={id}>
                {title}
            </CardTitle>
            <CardBody>
                <Form
                    className="muster-form"
                    aria-labelledby={id}
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <Content component="p">{text}</Content>
                    <ErrorAlert error={save.error} title="Nothing was changed" fields={fields} />
                    {children(save.error, !mayChange)}
                    {mayChange && (
                        <ActionGroup>
                            <ActButton type="submit" aria-label={`Save: ${title}`} isDisabled={!changed} pending={save.isPending}>
                                Save
                            </ActButton>
                        </ActionGroup>
                    )}
                </Form>
            </CardBody>
        </Card>
    );
}

// A whole number. What else is typed is for the server to refuse.
export function NumberField({
    id,
    label,
    value,
    set,
    readOnly,
    error,
    field,
    children,
}: {
    id: string;
    label: string;
    value: string;
    set: (value: string) => void;
    readOnly: boolean;
    error?: Error | null;
    field?: string;
    children?: string;
}) {
    return (
        <FormGroup label={label} fieldId={id}>
            <TextInput
                id={id}
                inputMode="numeric"
                value={value}
                readOnlyVariant={readOnly ? 'default' : undefined}
                onChange={(_event, text) => set(text)}
                validated={field && isWrong(error, field) ? 'error' : 'default'}
            />
            <FieldHelp error={error} field={field}>
                {children}
            </FieldHelp>
        </FormGroup>
    );
}

// The number that was typed; what is none goes as it is, and is refused with the field's name.
export function typed(text: string): number | string {
    const number = Number(text.trim());
    return text.trim() !== '' && Number.isFinite(number) ? number : text;
}
