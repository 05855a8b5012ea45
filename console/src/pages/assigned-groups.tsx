// SPDX-License-Identifier: Apache-2.0
// The groups that have an app. Whoever is in several of them gets what the first one says.
import { Button, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import ArrowDownIcon from '@patternfly/react-icons/dist/esm/icons/arrow-down-icon';
import ArrowUpIcon from '@patternfly/react-icons/dist/esm/icons/arrow-up-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change, list } from '../api/client';
import type { App, AppGroup } from '../api/types';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { ListBody, useList } from '../ui/list';
import { Plan } from '../ui/plan';
import { Nothing } from '../ui/states';
import { useToasts } from '../ui/toasts';
import { AssignDialog } from './assign-dialog';

const GROUPS_MAX = 200; // of a page when all are read to put them in order

function nameOf(group: AppGroup): string {
    return group._embedded?.group?.profile.name ?? group.id;
}

async function everyGroup(app: App): Promise<AppGroup[]> {
    const all: AppGroup[] = [];
    let after: string | null = null;
    do {
        const page: { items: AppGroup[]; next: string | null } = await list<AppGroup>(`/api/v1/apps/${app.id}/groups`, { limit: GROUPS_MAX, after });
        all.push(...page.items);
        after = page.next;
    } while (after);
    return all.sort((a, b) => a.priority - b.priority);
}

// One place up (-1) or down (1) in the order of all groups of the app, not only of those on the screen.
async function move(app: App, group: AppGroup, step: -1 | 1): Promise<void> {
    const ids = (await everyGroup(app)).map(({ id }) => id);
    const from = ids.indexOf(group.id);
    const to = from + step;
    if (from < 0 || to < 0 || to >= ids.length) return;
    ids.splice(from, 1);
    ids.splice(to, 0, group.id);
    await change('PUT', `/api/v1/apps/${app.id}/assignments/priorities`, { groupIds: ids });
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
        mutationFn: ({ group, step }: { group: AppGroup; step: -1 | 1 }) => move(app, group, step),
        onError: (error) => toasts.failed('The order is as it was', error),
    });
    const arrow = (group: AppGroup, step: -1 | 1) => (
        <Button
            variant="plain"
            icon={step < 0 ? <ArrowUpIcon /> : <ArrowDownIcon />}
            aria-label={`Move ${nameOf(group)} ${step < 0 ? 'up' : 'down'}`}
            isDisabled={order.isPending}
            onClick={() => order.mutate({ group, step })}
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
                                <Tr key={group.id}>
                                    <Td dataLabel="Priority">
                                        <span className="muster-status">
                                            {(group.priority + 1).toLocaleString()}
                                            {mayAssign && !q && arrow(group, -1)}
                                            {mayAssign && !q && arrow(group, 1)}
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
