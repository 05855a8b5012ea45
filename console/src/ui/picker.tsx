// SPDX-License-Identifier: Apache-2.0
// Finds one thing by its name as one types: a combobox with a list, as the ARIA pattern has it.
import { TextInput } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { list } from '../api/client';
import { useSettled } from './settled';

const SHOWN = 10;

export interface Choice<T> {
    id: string;
    text: string;
    detail?: string;
    value: T;
}

// A text inside a search expression.
export function quoted(text: string): string {
    return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

export function Picker<T>({
    id,
    path,
    query,
    choiceOf,
    chosen,
    onChoose,
    label,
    none,
}: {
    id: string;
    path: string;
    query: (text: string) => Record<string, string>;
    choiceOf: (item: T) => Choice<T>;
    chosen: { id: string; text: string } | null;
    onChoose: (choice: Choice<T> | null) => void;
    label: string;
    none: string; // said when nothing matches
}) {
    const listId = useId();
    const [text, setText] = useState(chosen?.text ?? '');
    const [open, setOpen] = useState(false);
    const [active, setActive] = useState(0);
    const [entered, setEntered] = useState(false); // Enter was pressed before the list was there
    const typed = useSettled(text);
    const said = useRef(chosen?.id); // by this picker; what is chosen otherwise (by the address, say) is shown
    const chosenId = chosen?.id;
    const chosenText = chosen?.text;
    useEffect(() => {
        if (chosenId === said.current) return;
        said.current = chosenId;
        setText(chosenText ?? '');
    }, [chosenId, chosenText]);
    const asked = { ...query(typed), limit: SHOWN };
    const { data, error, isFetching } = useQuery({
        queryKey: [path, asked],
        queryFn: ({ signal }) => list<T>(path, asked, signal),
        enabled: open,
        placeholderData: keepPreviousData,
    });
    const choices = (data?.items ?? []).map(choiceOf);
    const choose = (choice: Choice<T> | undefined) => {
        if (!choice) return;
        said.current = choice.id;
        setText(choice.text);
        setOpen(false);
        onChoose(choice);
    };
    const first = choices[active];
    const settled = !isFetching && typed === text;
    useEffect(() => {
        if (!entered || !settled) return;
        setEntered(false);
        if (!first) return;
        said.current = first.id;
        setText(first.text);
        setOpen(false);
        onChoose(first);
    }, [entered, settled, first, onChoose]);
    const onKeyDown = (event: KeyboardEvent) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            setOpen(true);
            const step = event.key === 'ArrowDown' ? 1 : -1;
            if (open && choices.length > 0) setActive((active + step + choices.length) % choices.length);
        } else if (event.key === 'Enter' && open) {
            event.preventDefault();
            setEntered(true);
        } else if (event.key === 'Escape' && open) {
            event.stopPropagation();
            setOpen(false);
        }
    };
    const status = error
        ? error.message
        : !open
          ? ''
          : choices.length === 0 && !isFetching
            ? none
            : data?.next
              ? `The first ${SHOWN} are shown; type more of the name`
              : '';
    return (
        <div className="muster-picker">
            <TextInput
                id={id}
                role="combobox"
                aria-label={label}
                aria-expanded={open && choices.length > 0}
                aria-controls={listId}
                aria-autocomplete="list"
                aria-activedescendant={open && choices[active] ? `${listId}-${active}` : undefined}
                autoComplete="off"
                value={text}
                onChange={(_event, value) => {
                    setText(value);
                    setActive(0);
                    setEntered(false);
                    setOpen(true);
                    said.current = undefined;
                    if (chosen) onChoose(null);
                }}
                onFocus={() => setOpen(!chosen)}
                onBlur={() => setOpen(false)}
                onKeyDown={onKeyDown}
            />
            {/* What scrolls is a stop of Tab unless told otherwise, and it goes when the field loses the focus. */}
            <ul id={listId} role="listbox" tabIndex={-1} aria-label={label} className="muster-choices" hidden={!open || choices.length === 0}>
                {choices.map((choice, i) => (
                    <li
                        key={choice.id}
                        id={`${listId}-${i}`}
                        role="option"
                        aria-selected={i === active}
                        // Before the input loses the focus.
                        onMouseDown={(event) => {
                            event.preventDefault();
                            choose(choice);
                        }}
                    >
                        <span className="muster-break">{choice.text}</span>
                        {choice.detail && <small className="muster-break">{choice.detail}</small>}
                    </li>
                ))}
            </ul>
            <div role="status" className="muster-picker-status">
                {status}
            </div>
        </div>
    );
}
