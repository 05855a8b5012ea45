// SPDX-License-Identifier: Apache-2.0
// An expression (docs/expressions.md): the server checks it as one types, and the fault is underlined where it is.
import { Button, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { change } from '../api/client';
import { FieldHelp, isWrong } from './errors';
import { useAttributes } from './schema';
import { useSettled } from './settled';

interface Verdict {
    valid: boolean;
    position?: number; // characters from 1
    errorSummary?: string;
}

// Where the server checks it: '/api/v1/groups/rules/check', or that of a profile mapping with its property.
export interface CheckedBy {
    path: string;
    more?: Record<string, unknown>; // of the body, besides the expression
}

function useVerdict(value: string, { path, more }: CheckedBy): { verdict: Verdict | undefined; failed: Error | null } {
    const typed = useSettled(value);
    const body = { ...more, expression: typed };
    const { data, error } = useQuery({
        queryKey: [path, body],
        queryFn: () => change<Verdict>('POST', path, body),
        enabled: typed.trim() !== '',
        placeholderData: keepPreviousData,
        retry: false,
    });
    // What was said of another text is no verdict on this one.
    return typed === value && typed.trim() !== '' ? { verdict: data, failed: error } : { verdict: undefined, failed: null };
}

// Positions count characters; a text of JavaScript counts two for some of them.
function indexOf(value: string, position: number): number {
    return [...value].slice(0, position - 1).join('').length;
}

// From the fault to the end of the word, of the quoted text, or of the sign that stands there.
function faultAt(value: string, start: number): [string, string, string] {
    const length = /^(?:[\w.]+|"[^"]*"?|'[^']*'?|\S)/.exec(value.slice(start))?.[0].length ?? 0;
    return [value.slice(0, start), value.slice(start, start + length) || '\u00a0', value.slice(start + length)];
}

function InsertAttribute({ id, insert }: { id: string; insert: (text: string) => void }) {
    const attributes = useAttributes('user') ?? [];
    return (
        <FormSelect id={`${id}-insert`} aria-label="Insert an attribute" value="" onChange={(_event, name) => name && insert(`user.${name}`)}>
            <FormSelectOption value="" label="Insert an attribute" isPlaceholder />
            {attributes.map(({ name, title }) => (
                <FormSelectOption key={name} value={name} label={`${title} (user.${name})`} />
            ))}
        </FormSelect>
    );
}

export function ExpressionEditor({
    id,
    label,
    value,
    onChange,
    checkedBy,
    error,
    field,
    help,
    isRequired = false,
    isDisabled = false,
}: {
    id: string;
    label: string;
    value: string;
    onChange: (value: string) => void;
    checkedBy: CheckedBy;
    error?: unknown; // of saving
    field?: string; // what the server calls it in that error
    help: string;
    isRequired?: boolean;
    isDisabled?: boolean;
}) {
    const text = useRef<HTMLTextAreaElement>(null);
    const { verdict, failed } = useVerdict(value, checkedBy);
    const refused = field !== undefined && isWrong(error, field);
    const wrong = verdict ? !verdict.valid : refused;
    const start = verdict?.valid === false && verdict.position !== undefined ? indexOf(value, verdict.position) : undefined;
    const [before, fault, after] = start === undefined ? [value, '', ''] : faultAt(value, start);
    const insert = (what: string) => {
        const area = text.current;
        const [from, to] = area ? [area.selectionStart, area.selectionEnd] : [value.length, value.length];
        onChange(value.slice(0, from) + what + value.slice(to));
        // Once the text is there.
        window.setTimeout(() => {
            area?.focus();
            area?.setSelectionRange(from + what.length, from + what.length);
        });
    };
    const show = () => {
        text.current?.focus();
        text.current?.setSelectionRange(start ?? 0, (start ?? 0) + fault.length);
    };
    return (
        <FormGroup label={label} fieldId={id} isRequired={isRequired}>
            <div className={`muster-expression${wrong ? ' muster-wrong' : ''}${isDisabled ? ' muster-fixed' : ''}`}>
                <div aria-hidden className="muster-expression-mirror">
                    {before}
                    {fault && <mark>{fault}</mark>}
                    {after}
                    {/* So that an empty last line has its height. */}
                    {'\u200b'}
                </div>
                <textarea
                    id={id}
                    ref={text}
                    value={value}
                    spellCheck={false}
                    autoCapitalize="off"
                    autoComplete="off"
                    // Not disabled: it may be read and copied by keys too.
                    readOnly={isDisabled}
                    required={isRequired}
                    aria-invalid={wrong}
                    aria-describedby={`${id}-verdict`}
                    onChange={(event) => onChange(event.target.value)}
                />
            </div>
            <div id={`${id}-verdict`} role="status" className="muster-expression-verdict">
                {failed && <p className="muster-break">{failed.message}</p>}
                {verdict && !(isDisabled && verdict.valid) && (
                    <FormHelperText>
                        <HelperText>
                            <HelperTextItem variant={verdict.valid ? 'success' : 'error'}>
                                {verdict.valid ? 'The expression is right' : verdict.errorSummary}
                            </HelperTextItem>
                        </HelperText>
                    </FormHelperText>
                )}
                {!verdict && !failed && (
                    <FieldHelp error={error} field={field}>
                        {help}
                    </FieldHelp>
                )}
                {/* A right expression may be refused all the same: a group that it names is not there. */}
                {verdict?.valid && refused && <FieldHelp error={error} field={field} />}
            </div>
            {!isDisabled && (
                <div className="muster-expression-tools">
                    <InsertAttribute id={id} insert={insert} />
                    {start !== undefined && (
                        <Button variant="link" onClick={show}>
                            Go to the fault
                        </Button>
                    )}
                </div>
            )}
        </FormGroup>
    );
}
