// SPDX-License-Identifier: Apache-2.0
// What a push rule looks for, in words and as fields.
import { Flex, FlexItem, FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import type { Criterion, Operator } from '../api/types';
import { FieldHelp, isWrong } from '../ui/errors';

export const OPERATORS: [Operator, string][] = [
    ['STARTS_WITH', 'starts with'],
    ['ENDS_WITH', 'ends with'],
    ['CONTAINS', 'contains'],
    ['EQUALS', 'equals'],
    ['REGEX', 'matches the regular expression'],
    ['EVERYTHING', 'is anything'],
];

export function criterionText(what: string, criterion: Criterion | undefined): string {
    if (!criterion) return '';
    const operator = OPERATORS.find(([value]) => value === criterion.operator)?.[1] ?? criterion.operator;
    return criterion.operator === 'EVERYTHING' ? `${what} ${operator}` : `${what} ${operator} “${criterion.value ?? ''}”`;
}

export function CriterionFields({
    id,
    label,
    help,
    criterion,
    change,
    error,
    field,
}: {
    id: string;
    label: string;
    help: string;
    criterion: Criterion;
    change: (criterion: Criterion) => void;
    error: unknown;
    field: string;
}) {
    const wrong = isWrong(error, field) || isWrong(error, `${field}.value`);
    return (
        <FormGroup label={label} fieldId={`${id}-value`} role="group">
            <Flex>
                <FlexItem>
                    <FormSelect
                        aria-label={`${label}: how`}
                        value={criterion.operator}
                        onChange={(_event, operator) => change({ ...criterion, operator: operator as Operator })}
                    >
                        {OPERATORS.map(([value, text]) => (
                            <FormSelectOption key={value} value={value} label={text} />
                        ))}
                    </FormSelect>
                </FlexItem>
                {criterion.operator !== 'EVERYTHING' && (
                    <FlexItem grow={{ default: 'grow' }}>
                        <TextInput
                            id={`${id}-value`}
                            aria-label={label}
                            value={criterion.value ?? ''}
                            onChange={(_event, value) => change({ ...criterion, value })}
                            validated={wrong ? 'error' : 'default'}
                        />
                    </FlexItem>
                )}
            </Flex>
            <FieldHelp error={error} field={isWrong(error, `${field}.value`) ? `${field}.value` : field}>
                {help}
            </FieldHelp>
        </FormGroup>
    );
}
