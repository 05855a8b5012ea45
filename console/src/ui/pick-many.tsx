// SPDX-License-Identifier: Apache-2.0
// Chooses several by name and does one thing with each. What fails stays chosen, with the reason.
import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ActButton } from './act-button';
import { ChooseMany } from './choose-many';
import { ErrorAlert } from './errors';
import type { Choice } from './picker';
import { useToasts } from './toasts';

const CHOSEN_MAX = 100; // a call each

class Failures extends Error {}

export function PickMany<T>({
    title,
    label,
    path,
    query,
    choiceOf,
    none,
    run,
    done,
    close,
}: {
    title: string;
    label: string;
    path: string;
    query: (text: string) => Record<string, string>;
    choiceOf: (item: T) => Choice<T>;
    none: string;
    run: (item: T) => Promise<unknown>;
    done: (count: number) => string;
    close: () => void;
}) {
    const toasts = useToasts();
    const [chosen, setChosen] = useState<Choice<T>[]>([]);
    const [count, setCount] = useState(0);
    const act = useMutation({
        mutationFn: async () => {
            const failed: [Choice<T>, string][] = [];
            setCount(0);
            for (const choice of chosen) {
                try {
                    await run(choice.value);
                } catch (error) {
                    failed.push([choice, error instanceof Error ? error.message : String(error)]);
                }
                setCount((before) => before + 1);
            }
            if (chosen.length > failed.length) toasts.done(done(chosen.length - failed.length));
            setChosen(failed.map(([choice]) => choice));
            if (failed.length > 0) throw new Failures(failed.map(([choice, why]) => `${choice.text}: ${why}`).join('; '));
        },
        onSuccess: close,
    });
    return (
        <Modal isOpen variant="medium" aria-label={title} onClose={close}>
            <ModalHeader title={title} />
            <ModalBody className="muster-room-for-choices">
                <Form
                    id="pick-many-form"
                    onSubmit={(event) => {
                        event.preventDefault();
                        act.mutate();
                    }}
                >
                    <ErrorAlert error={act.error} title="Not all of it was done" />
                    <ChooseMany<T, Choice<T>>
                        id="pick-many"
                        label={label}
                        path={path}
                        query={query}
                        choiceOf={choiceOf}
                        none={none}
                        chosen={chosen}
                        onChange={setChosen}
                        max={CHOSEN_MAX}
                    />
                    <p role="status">{act.isPending ? `${count} of ${chosen.length}` : ''}</p>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="pick-many-form" isDisabled={chosen.length === 0} pending={act.isPending}>
                    {chosen.length > 1 ? `Add ${chosen.length}` : 'Add'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
