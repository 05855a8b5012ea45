// SPDX-License-Identifier: Apache-2.0
// A button that opens what can be done.
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useState } from 'react';

export interface MenuEntry {
    text: string;
    run: () => void;
    danger?: boolean;
}

// `pending`: what was chosen last is on its way. The button stays in reach meanwhile, and opens nothing.
export function Menu({ label, text = 'Actions', entries, pending = false }: { label: string; text?: string; entries: MenuEntry[]; pending?: boolean }) {
    const [open, setOpen] = useState(false);
    if (entries.length === 0) return null;
    return (
        <Dropdown
            isOpen={open}
            onOpenChange={setOpen}
            shouldFocusFirstItemOnOpen
            shouldFocusToggleOnSelect
            onSelect={() => setOpen(false)}
            popperProps={{ position: 'right' }}
            toggle={(ref) => (
                <MenuToggle ref={ref} isExpanded={open} aria-disabled={pending} onClick={() => setOpen(!open && !pending)} aria-label={label}>
                    {text}
                </MenuToggle>
            )}
        >
            <DropdownList>
                {entries.map((entry) => (
                    <DropdownItem key={entry.text} isDanger={entry.danger} onClick={entry.run}>
                        {entry.text}
                    </DropdownItem>
                ))}
            </DropdownList>
        </Dropdown>
    );
}
