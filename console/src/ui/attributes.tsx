// SPDX-License-Identifier: Apache-2.0
// A profile as a form: a field for each attribute that is set or needed, made for its type, and a choice of those that are left.
import { FormGroup, FormSelect, FormSelectOption, TextArea, TextInput } from '@patternfly/react-core';
import { useState } from 'react';
import { FieldHelp, isWrong } from './errors';
import type { Attribute } from './schema';

export type Values = Record<string, unknown>;

// As it stands in a field, and back. What is no number is sent as it is: the server says what is wrong with it.
function shown(value: unknown): string {
    if (value === null || value === undefined) return '';
    return Array.isArray(value) ? value.map(String).join('\n') : String(value);
}

function numberOf(text: string): unknown {
    return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function valueOf(attribute: Attribute, text: string): unknown {
    if (text === '') return null;
    if (attribute.type === 'array') {
        const items = text.split('\n').filter((line) => line !== '');
        return attribute.items === 'string' ? items : items.map(numberOf);
    }
    if (attribute.type === 'boolean') return text === 'true';
    return attribute.type === 'string' ? text : numberOf(text);
}

export function valueText(value: unknown): string {
    if (typeof value === 'boolean') return value ? 'yes' : 'no';
    return Array.isArray(value) ? value.map(String).join(', ') : shown(value);
}

function Field({ attribute, value, change, error }: { attribute: Attribute; value: unknown; change: (value: unknown) => void; error: unknown }) {
    // What is typed stays as it is: the empty line that a list is going on with, 1. on the way to 1.5.
    const [typed, setTyped] = useState<{ text: string; value: unknown } | null>(null);
    const id = `attribute-${attribute.name}`;
    const text = typed && JSON.stringify(typed.value) === JSON.stringify(value) ? typed.text : shown(value);
    const validated = isWrong(error, attribute.name) ? 'error' : 'default';
    const onChange = (next: string) => {
        const made = valueOf(attribute, next);
        setTyped({ text: next, value: made });
        change(made);
    };
    if (attribute.choices.length > 0 || attribute.type === 'boolean') {
        const choices = attribute.type === 'boolean' ? ['true', 'false'].map((each) => ({ value: each, title: each === 'true' ? 'yes' : 'no' })) : attribute.choices;
        return (
            <FormSelect id={id} value={text} validated={validated} onChange={(_event, next) => onChange(next)}>
                <FormSelectOption value="" label="not set" />
                {choices.map((choice) => (
                    <FormSelectOption key={choice.value} value={choice.value} label={choice.title} />
                ))}
            </FormSelect>
        );
    }
    if (attribute.type === 'array')
        return <TextArea id={id} value={text} validated={validated} resizeOrientation="vertical" onChange={(_event, next) => onChange(next)} />;
    return <TextInput id={id} value={text} isRequired={attribute.required} validated={validated} onChange={(_event, next) => onChange(next)} />;
}

// `values`: the profile as it is to be; null empties an attribute.
export function AttributeFields({
    attributes,
    values,
    change,
    error,
}: {
    attributes: Attribute[];
    values: Values;
    change: (values: Values) => void;
    error: unknown;
}) {
    const set = attributes.filter(({ name, required }) => required || values[name] !== undefined);
    const left = attributes.filter((each) => !set.includes(each)).sort((a, b) => a.title.localeCompare(b.title));
    return (
        <>
            {set.map((attribute) => (
                <FormGroup key={attribute.name} label={attribute.title} fieldId={`attribute-${attribute.name}`} isRequired={attribute.required}>
                    <Field
                        attribute={attribute}
                        value={values[attribute.name]}
                        change={(value) => change({ ...values, [attribute.name]: value })}
                        error={error}
                    />
                    <FieldHelp error={error} field={attribute.name}>
                        {attribute.type === 'array' ? 'One value on each line' : attribute.description}
                    </FieldHelp>
                </FormGroup>
            ))}
            {left.length > 0 && (
                <FormGroup label="Set another attribute" fieldId="another-attribute">
                    <FormSelect id="another-attribute" value="" onChange={(_event, name) => name && change({ ...values, [name]: null })}>
                        <FormSelectOption value="" label="Choose one" isPlaceholder />
                        {left.map(({ name, title }) => (
                            <FormSelectOption key={name} value={name} label={title} />
                        ))}
                    </FormSelect>
                </FormGroup>
            )}
        </>
    );
}
