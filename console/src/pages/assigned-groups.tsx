// SPDX-License-Identifier: Apache-2.0
// The groups that have an app. Whoever is in several of them gets what the first one says: rows are dragged, or moved by
// their arrows.
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import ArrowDownIcon from '@patternfly/react-icons/dist/esm/icons/arrow-down-icon';
import ArrowUpIcon from '@patternfly/react-icons/dist/esm/icons/arrow-up-icon';
import GripVerticalIcon from '@patternfly/react-icons/dist/esm/icons/grip-vertical-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change } from '../api/client';
import type { App, AppGroup } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ListBody, useList } from '../ui/list';
import { Plan } from '../ui/plan';
import { Nothing } from '../ui/states';
import { useToasts } from '../ui/toasts';
import { AssignDialog } from './assign-dialog';
import { reorder, type Move } from './assigned-order';

function nameOf(group: AppGroup): string {
    return group._embedded?.group?.profile.name ?? group.id;
}

function Actions({ app, group }: { app: App; group: AppGroup }) {
    const toasts = useToasts();
    const [open, setOpen] = useState(false);
    const [dialog, setDialog] = useState<'edit' | 'unassign' | null>(null);
    const name = nameOf(group);
    const path = `/api/v1/apps/${app.id}/groups/${group.id}`;
    return (
        <>
            <Dropdown
                isOpen={open}
                onOpenChange={setOpen}
                shouldFocusFirstItemOnOpen
                shouldFocusToggleOnSelect
                onSelect={() => setOpen(false)}
                popperProps={{ position: 'right' }}
                toggle={(ref) => (
                    <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)} aria-label={`Actions on ${name}`}>
                        Actions
                    </MenuToggle>
                )}
            >
                <DropdownList>
                    <DropdownItem onClick={() => setDialog('edit')}>Edit assignment</DropdownItem>
                    <DropdownItem isDanger onClick={() => setDialog('unassign')}>
                        Unassign
                    </DropdownItem>
                </DropdownList>
            </Dropdown>
            {dialog === 'edit' && (
                <AssignDialog
                    app={app}
                    kind="groups"
                    of={{ id: group.id, text: name }}
                    profile={group.profile}
                    priority={group.priority}
                    close={() => setDialog(null)}
                />
            )}
            {dialog === 'unassign' && (
                <Confirm
                    title={`Unassign ${app.label} from ${name}?`}
                    action="Unassign"
                    close={() => setDialog(null)}
                    run={async () => {
                        await change('DELETE', path);
                        toasts.done(`${app.label} is unassigned from ${name}`);
                    }}
                >
                    <p>Members who have the app by nothing else lose it.</p>
                    <Plan act={{ method: 'DELETE', path }} />
                </Confirm>
            )}
        </>
    );
}

export function AssignedGroups({ app }: { app: App }) {
    const [params] = useSearchParams();
    const toasts = useToasts();
    const mayAssign = useMay('OPERATOR');
    const q = params.get('q') ?? undefined;
    const state = useList<AppGroup>(`/api/v1/apps/${app.id}/groups`, { q, expand: 'group' });
    const order = useMutation({
        mutationFn: (move: Move) => reorder(app, move),
        onError: (error) => toasts.failed('The order is as it was', error),
    });
    const [dragged, setDragged] = useState<string | null>(null);
    const [over, setOver] = useState<string | null>(null);
    const mayOrder = mayAssign && !q;
    const drop = (to: string) => {
        if (dragged && dragged !== to) order.mutate({ id: dragged, to });
        setDragged(null);
        setOver(null);
    };
    const arrow = (group: AppGroup, step: -1 | 1) => (
        <ActButton
            variant="plain"
            icon={step < 0 ? <ArrowUpIcon /> : <ArrowDownIcon />}
            aria-label={`Move ${nameOf(group)} ${step < 0 ? 'up' : 'down'}`}
            pending={order.isPending}
            onClick={() => order.mutate({ id: group.id, step })}
        />
    );
    return (
        <ListBody
            state={state}
            what="assigned groups"
            empty={
                q ? (
                    <Nothing title="No group matches">Search by the beginning of its name.</Nothing>
                ) : (
                    <Nothing title="No group has this app yet">Assign it to a group: then every member has it, also those who come.</Nothing>
                )
            }
        >
            {(groups) => (
                <Table aria-label="Assigned groups" variant="compact">
                    <Thead>
                        <Tr>
                            <Th>Priority</Th>
                            <Th width={50}>Group</Th>
                            <Th>Attributes set</Th>
                            {mayAssign && <Th screenReaderText="Actions" />}
                        </Tr>
                    </Thead>
                    <Tbody>
                        {[...groups]
                            .sort((a, b) => a.priority - b.priority)
                            .map((group) => (
                                <Tr
                                    key={group.id}
                                    draggable={mayOrder}
                                    className={over === group.id && dragged !== group.id ? 'muster-drop' : undefined}
                                    onDragStart={(event) => {
                                        event.dataTransfer.effectAllowed = 'move';
                                        setDragged(group.id);
                                    }}
                                    onDragEnter={() => setOver(group.id)}
                                    onDragOver={(event) => dragged && event.preventDefault()}
                                    onDragEnd={() => {
                                        setDragged(null);
                                        setOver(null);
                                    }}
                                    onDrop={(event) => {
                                        event.preventDefault();
                                        drop(group.id);
                                    }}
                                >
                                    <Td dataLabel="Priority">
                                        <span className="muster-status">
                                            {(group.priority + 1).toLocaleString()}
                                            {mayOrder && <GripVerticalIcon className="muster-grip" />}
                                            {mayOrder && arrow(group, -1)}
                                            {mayOrder && arrow(group, 1)}
                                        </span>
                                    </Td>
                                    <Td dataLabel="Group" className="muster-name">
                                        {nameOf(group)}
                                    </Td>
                                    <Td dataLabel="Attributes set">{Object.keys(group.profile).length}</Td>
                                    {mayAssign && (
                                        <Td>
                                            <Actions app={app} group={group} />
                                        </Td>
                                    )}
                                </Tr>
                            ))}
                    </Tbody>
                </Table>
            )}
        </ListBody>
    );
}
