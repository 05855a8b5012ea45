// SPDX-License-Identifier: Apache-2.0
// Several that are found by name: a field to find the next, and what is chosen.
import { FormGroup, Label, LabelGroup } from '@patternfly/react-core';
import { useEffect, useRef } from 'react';
import { FieldHelp } from './errors';
import { Picker, type Choice } from './picker';

// What is left of a choice once it is stored.
export interface Chosen {
    id: string;
    text: string;
}

export function ChooseMany<T, C extends Chosen>({
    id,
    label,
    path,
    query,
    choiceOf,
    none,
    chosen,
    onChange,
    max,
    isRequired = false,
    isDisabled = false,
    error,
    field,
    help,
}: {
    id: string;
    label: string;
    path: string;
    query: (text: string) => Record<string, string>;
    choiceOf: (item: T) => Choice<T>;
    none: string;
    chosen: (C | Choice<T>)[];
    onChange: (chosen: (C | Choice<T>)[]) => void;
    max: number;
    isRequired?: boolean;
    isDisabled?: boolean;
    error?: unknown;
    field?: string;
    help?: string;
}) {
    const times = useRef(0); // that something was chosen: each begins with an empty field
    useEffect(() => {
        if (times.current > 0) document.getElementById(id)?.focus();
    }, [chosen, id]);
    return (
        <FormGroup label={label} fieldId={id} isRequired={isRequired}>
            {chosen.length > 0 && (
                <LabelGroup aria-label={`${label}: chosen`} numLabels={max}>
                    {chosen.map((each) => (
                        <Label
                            key={each.id}
                            textMaxWidth="16rem"
                            closeBtnAriaLabel={`Leave out ${each.text}`}
                            onClose={isDisabled ? undefined : () => onChange(chosen.filter((other) => other.id !== each.id))}
                        >
                            {each.text}
                        </Label>
                    ))}
                </LabelGroup>
            )}
            {isDisabled && chosen.length === 0 && <p>None</p>}
            {!isDisabled && chosen.length >= max && <p>These are {max}, which is the most.</p>}
            {!isDisabled && chosen.length < max && (
                <Picker<T>
                    key={times.current}
                    id={id}
                    label={label}
                    path={path}
                    query={query}
                    choiceOf={choiceOf}
                    chosen={null}
                    onChoose={(choice) => {
                        if (!choice) return;
                        times.current += 1;
                        onChange([...chosen.filter((each) => each.id !== choice.id), choice]);
                    }}
                    none={none}
                />
            )}
            <FieldHelp error={error} field={field}>
                {help}
            </FieldHelp>
        </FormGroup>
    );
}
