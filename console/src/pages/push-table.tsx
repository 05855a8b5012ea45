// SPDX-License-Identifier: Apache-2.0
// The rows of Push Groups, with the button of each that says its status and opens what can be done.
import { Button, Checkbox, Divider, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import InfoCircleIcon from '@patternfly/react-icons/dist/esm/icons/info-circle-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { change } from '../api/client';
import type { App, Mapping } from '../api/types';
import { useMay } from '../app/session';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { Unlink } from './push-unlink';

export const STATUS = { ACTIVE: 'Active', INACTIVE: 'Inactive', ERROR: 'Error' };

export function nameOf(mapping: Mapping): string {
    return mapping._embedded?.sourceGroup?.name ?? mapping.sourceGroupId;
}

export function targetNameOf(mapping: Mapping): string {
    return mapping._embedded?.targetGroup?.name ?? mapping.targetGroupId;
}

// What goes on beside the status; nothing when everything is pushed.
export function Activity({ mapping }: { mapping: Mapping }) {
    const { activity, reason, nextTry } = mapping.state;
    if (mapping.status === 'INACTIVE') return null;
    if (activity === 'pending' || activity === 'pushing') return <>Pushing…</>;
    if (activity === 'paused') return <>Waits: {reason}</>;
    if (activity === 'held' && mapping.status !== 'ERROR') return <>Removals are held</>;
    if (activity === 'retrying')
        return nextTry ? (
            <>
                Tried again <Time iso={nextTry} />
            </>
        ) : (
            <>Tried again by itself</>
        );
    return mapping.errorSummary && mapping.status === 'ACTIVE' ? <>Some members failed</> : null;
}

function StatusButton({ app, mapping }: { app: App; mapping: Mapping }) {
    const toasts = useToasts();
    const mayPush = useMay('OPERATOR');
    const [open, setOpen] = useState(false);
    const [unlinking, setUnlinking] = useState(false);
    const path = `/api/v1/apps/${app.id}/group-push/mappings`;
    const name = nameOf(mapping);
    const act = useMutation({
        mutationFn: ([run]: [() => Promise<unknown>, string]) => run(),
        onSuccess: (_result, [, said]) => toasts.done(said),
        onError: (error) => toasts.failed(`Not done for ${name}`, error),
    });
    const bulk = (action: string) => () => change('POST', `${path}/bulk`, { action, mappingIds: [mapping.id] });
    const text = STATUS[mapping.status];
    if (!mayPush) return <>{text}</>;
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
                    <MenuToggle
                        ref={ref}
                        isExpanded={open}
                        aria-disabled={act.isPending}
                        status={mapping.status === 'ERROR' ? 'danger' : undefined}
                        aria-label={`${text}: push status of ${name}`}
                        onClick={() => setOpen(!open && !act.isPending)}
                    >
                        {text}
                    </MenuToggle>
                )}
            >
                <DropdownList>
                    {mapping.status === 'INACTIVE' ? (
                        <DropdownItem onClick={() => act.mutate([bulk('ACTIVATE'), `${name} is pushed again`])}>
                            Activate group push
                        </DropdownItem>
                    ) : (
                        <DropdownItem onClick={() => act.mutate([bulk('DEACTIVATE'), `${name} is no longer pushed`])}>
                            Deactivate group push
                        </DropdownItem>
                    )}
                    <DropdownItem
                        isDisabled={mapping.status === 'INACTIVE'}
                        onClick={() => act.mutate([() => change('POST', `${path}/${mapping.id}/push`), `${name} is being pushed`])}
                    >
                        Push now
                    </DropdownItem>
                    <Divider component="li" />
                    <DropdownItem isDanger onClick={() => setUnlinking(true)}>
                        Unlink pushed group
                    </DropdownItem>
                </DropdownList>
            </Dropdown>
            {unlinking && <Unlink app={app} mappings={[mapping]} close={() => setUnlinking(false)} />}
        </>
    );
}

export function PushTable({
    app,
    mappings,
    selected,
    select,
    showInfo,
}: {
    app: App;
    mappings: Mapping[];
    selected: Set<string> | null; // null: there are no boxes
    select: (ids: Set<string>) => void;
    showInfo: (mapping: Mapping) => void;
}) {
    const toggle = (id: string, on: boolean) => {
        const ids = new Set(selected);
        if (on) ids.add(id);
        else ids.delete(id);
        select(ids);
    };
    const all = selected !== null && mappings.every((mapping) => selected.has(mapping.id));
    return (
        <Table aria-label="Pushed groups" variant="compact">
            <Thead>
                <Tr>
                    {selected && (
                        <Th>
                            <Checkbox
                                id="select-all"
                                aria-label="Select all on this page"
                                isChecked={all}
                                onChange={(_event, on) => select(new Set(on ? mappings.map((mapping) => mapping.id) : []))}
                            />
                        </Th>
                    )}
                    <Th>Group</Th>
                    <Th modifier="wrap" className="muster-name">
                        Group in {app.label}
                    </Th>
                    <Th className="muster-column-time">Last push</Th>
                    <Th className="muster-column-status">Push status</Th>
                </Tr>
            </Thead>
            <Tbody>
                {mappings.map((mapping) => (
                    <Tr key={mapping.id}>
                        {selected && (
                            <Td>
                                <Checkbox
                                    id={`select-${mapping.id}`}
                                    aria-label={`Select ${nameOf(mapping)}`}
                                    isChecked={selected.has(mapping.id)}
                                    onChange={(_event, on) => toggle(mapping.id, on)}
                                />
                            </Td>
                        )}
                        <Td dataLabel="Group" className="muster-name">
                            <Link to={`/applications/${app.id}/push-groups/${mapping.id}`}>{nameOf(mapping)}</Link>
                            {mapping._embedded?.sourceGroup?.description && (
                                <div className="muster-subtle">{mapping._embedded.sourceGroup.description}</div>
                            )}
                        </Td>
                        <Td dataLabel={`Group in ${app.label}`} className="muster-name">
                            {targetNameOf(mapping)}
                        </Td>
                        <Td dataLabel="Last push">
                            <Time iso={mapping.lastPush} />
                        </Td>
                        <Td dataLabel="Push status">
                            <span className="muster-status">
                                <StatusButton app={app} mapping={mapping} />
                                <Button
                                    variant="plain"
                                    icon={<InfoCircleIcon />}
                                    aria-label={`Information on ${nameOf(mapping)}`}
                                    onClick={() => showInfo(mapping)}
                                />
                            </span>
                            <div className="muster-subtle">
                                <Activity mapping={mapping} />
                            </div>
                        </Td>
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}
