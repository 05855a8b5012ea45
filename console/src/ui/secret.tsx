// SPDX-License-Identifier: Apache-2.0
// What is shown this once: a token, a link, a key.
import { Alert, Button, ClipboardCopy, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';

export function ShownOnce({ title, label, value, text, close }: { title: string; label: string; value: string; text: string; close: () => void }) {
    return (
        <Modal isOpen variant="medium" aria-label={title} onClose={close}>
            <ModalHeader title={title} />
            <ModalBody>
                <Alert variant="info" isInline component="p" title={text} />
                <br />
                <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" textAriaLabel={label} className="muster-secret">
                    {value}
                </ClipboardCopy>
            </ModalBody>
            <ModalFooter>
                <Button onClick={close}>Done</Button>
            </ModalFooter>
        </Modal>
    );
}
