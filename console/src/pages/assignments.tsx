// SPDX-License-Identifier: Apache-2.0
// Assignments: who has an app, by themselves or by a group.
import {
    Button,
    Dropdown,
    DropdownItem,
    DropdownList,
    MenuToggle,
    ToggleGroup,
    ToggleGroupItem,
    Toolbar,
    ToolbarContent,
    ToolbarItem,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { Search, useSetParams } from '../ui/list';
import { AssignDialog } from './assign-dialog';
import { AssignedGroups } from './assigned-groups';
import { AssignedPeople } from './assigned-people';
import { AssignmentErrors } from './assignment-errors';
import { ConvertDialog } from './convert-dialog';

type Kind = 'people' | 'groups';

export default function Assignments({ app }: { app: App }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayAssign = useMay('OPERATOR');
    const [open, setOpen] = useState(false);
    const [assigning, setAssigning] = useState<Kind | null>(null);
    const [selected, setSelected] = useState<string[]>([]);
    const [converting, setConverting] = useState(false);
    const kind: Kind = params.get('filter') === 'groups' ? 'groups' : 'people';
    return (
        <>
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    {mayAssign && (
                        <ToolbarItem>
                            <Dropdown
                                isOpen={open}
                                onOpenChange={setOpen}
                                shouldFocusFirstItemOnOpen
                                shouldFocusToggleOnSelect
                                onSelect={() => setOpen(false)}
                                toggle={(ref) => (
                                    <MenuToggle ref={ref} variant="primary" isExpanded={open} onClick={() => setOpen(!open)}>
                                        Assign
                                    </MenuToggle>
                                )}
                            >
                                <DropdownList>
                                    <DropdownItem onClick={() => setAssigning('people')}>Assign to People</DropdownItem>
                                    <DropdownItem onClick={() => setAssigning('groups')}>Assign to Groups</DropdownItem>
                                </DropdownList>
                            </Dropdown>
                        </ToolbarItem>
                    )}
                    <ToolbarItem>
                        <ToggleGroup aria-label="Assigned to">
                            <ToggleGroupItem
                                text="People"
                                buttonId="filter-people"
                                isSelected={kind === 'people'}
                                onChange={() => setParams({ filter: null, q: null })}
                            />
                            <ToggleGroupItem
                                text="Groups"
                                buttonId="filter-groups"
                                isSelected={kind === 'groups'}
                                onChange={() => setParams({ filter: 'groups', q: null })}
                            />
                        </ToggleGroup>
                    </ToolbarItem>
                    <ToolbarItem>
                        <Search label="Search assignments" placeholder="Beginning of a name" />
                    </ToolbarItem>
                    {mayAssign && kind === 'people' && (
                        <ToolbarItem>
                            <Button variant="secondary" onClick={() => setConverting(true)}>
                                Convert assignments{selected.length > 0 && ` (${selected.length})`}
                            </Button>
                        </ToolbarItem>
                    )}
                </ToolbarContent>
            </Toolbar>
            {kind === 'people' && <AssignmentErrors app={app} />}
            {kind === 'people' ? <AssignedPeople app={app} selected={selected} select={setSelected} /> : <AssignedGroups app={app} />}
            {converting && (
                <ConvertDialog
                    app={app}
                    selected={selected}
                    close={() => {
                        setConverting(false);
                        setSelected([]);
                    }}
                />
            )}
            {assigning && <AssignDialog key={assigning} app={app} kind={assigning} close={() => setAssigning(null)} />}
        </>
    );
}
