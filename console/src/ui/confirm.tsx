// SPDX-License-Identifier: Apache-2.0
// Asks before something is taken away, and says in numbers what that is.
import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ActButton } from './act-button';
import { ErrorAlert } from './errors';

export function Confirm({
    title,
    action,
    danger = true,
    disabled = false,
    children,
    run,
    close,
}: {
    title: string;
    action: string;
    danger?: boolean;
    disabled?: boolean;
    children: ReactNode;
    run: () => Promise<unknown>;
    close: () => void;
}) {
    const mutation = useMutation({ mutationFn: run, onSuccess: close });
    return (
        <Modal isOpen variant="small" aria-label={title} onClose={close}>
            <ModalHeader title={title} titleIconVariant={danger ? 'warning' : undefined} />
            <ModalBody>
                {children}
                <ErrorAlert error={mutation.error} title={`Not done: ${action}`} />
            </ModalBody>
            <ModalFooter>
                <ActButton
                    variant={danger ? 'danger' : 'primary'}
                    isDisabled={disabled}
                    pending={mutation.isPending}
                    onClick={() => mutation.mutate()}
                >
                    {action}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
