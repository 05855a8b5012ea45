// SPDX-License-Identifier: Apache-2.0
// By rule: the rules of the app; one that is chosen shows its groups below.
import { Button, Divider, Dropdown, DropdownItem, DropdownList, MenuToggle, Radio } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change, list } from '../api/client';
import type { App, PushRule } from '../api/types';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { ErrorAlert } from '../ui/errors';
import { useSetParams } from '../ui/list';
import { Loading, Nothing } from '../ui/states';
import { useToasts } from '../ui/toasts';
import { PushByRule } from './push-by-rule';
import { criterionText } from './push-criteria';

const RULES_MAX = 200; // shown at once; an app has a handful
type Fate = 'KEEP' | 'DELETE' | 'DELETE_WITH_APP_GROUPS';

function DeleteRule({ app, rule, close }: { app: App; rule: PushRule; close: () => void }) {
    const toasts = useToasts();
    const setParams = useSetParams();
    const [fate, setFate] = useState<Fate | null>(null);
    const groups = `${rule.mappings} ${rule.mappings === 1 ? 'group' : 'groups'}`;
    const fates: [Fate, string, string][] = [
        ['KEEP', 'Keep the pushed groups', `${groups} stay pushed, as if found by name.`],
        ['DELETE', 'Unlink them, and leave the groups in the target app', `${groups} are no longer pushed; 0 groups change in ${app.label}.`],
        ['DELETE_WITH_APP_GROUPS', 'Delete the associated groups in the target app', `${groups} are deleted in ${app.label}, with their memberships; 0 accounts.`],
    ];
    return (
        <Confirm
            title={`Delete the rule ${rule.name}?`}
            action="Delete rule"
            disabled={fate === null}
            close={close}
            run={async () => {
                await change('DELETE', `/api/v1/apps/${app.id}/group-push/rules/${rule.id}?mappings=${fate ?? 'KEEP'}`);
                toasts.done(`${rule.name} is deleted`);
                setParams({ rule: null });
            }}
        >
            <p>It has pushed {groups}.</p>
            {fates.map(([value, label, description]) => (
                <Radio
                    key={value}
                    id={`fate-${value}`}
                    name="fate"
                    label={label}
                    description={description}
                    isChecked={fate === value}
                    onChange={() => setFate(value)}
                />
            ))}
        </Confirm>
    );
}

function RuleButton({ app, rule }: { app: App; rule: PushRule }) {
    const toasts = useToasts();
    const mayPush = useMay('OPERATOR');
    const [open, setOpen] = useState(false);
    const [dialog, setDialog] = useState<'edit' | 'delete' | null>(null);
    const active = rule.status === 'ACTIVE';
    const act = useMutation({
        mutationFn: (action: string) => change('POST', `/api/v1/apps/${app.id}/group-push/rules/${rule.id}/lifecycle/${action}`),
        onError: (error) => toasts.failed(`Not done for ${rule.name}`, error),
    });
    const text = active ? 'Active' : 'Inactive';
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
                        aria-label={`${text}: status of the rule ${rule.name}`}
                        onClick={() => setOpen(!open && !act.isPending)}
                    >
                        {text}
                    </MenuToggle>
                )}
            >
                <DropdownList>
                    <DropdownItem onClick={() => act.mutate(active ? 'deactivate' : 'activate')}>
                        {active ? 'Deactivate rule' : 'Activate rule'}
                    </DropdownItem>
                    <DropdownItem onClick={() => setDialog('edit')}>Edit rule</DropdownItem>
                    <Divider component="li" />
                    <DropdownItem isDanger onClick={() => setDialog('delete')}>
                        Delete rule
                    </DropdownItem>
                </DropdownList>
            </Dropdown>
            {dialog === 'edit' && <PushByRule app={app} rule={rule} close={() => setDialog(null)} />}
            {dialog === 'delete' && <DeleteRule app={app} rule={rule} close={() => setDialog(null)} />}
        </>
    );
}

export function PushRules({ app }: { app: App }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const path = `/api/v1/apps/${app.id}/group-push/rules`;
    const { data, error, refetch } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => list<PushRule>(path, { limit: RULES_MAX }, signal),
    });
    if (error) return <ErrorAlert error={error} title="The rules cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the rules" />;
    if (data.items.length === 0)
        return <Nothing title="There are no push rules">Push Groups, Find groups by rule makes one.</Nothing>;
    const chosen = params.get('rule');
    return (
        <div className="muster-scroll-x">
            <Table aria-label="Push rules" variant="compact">
                <Thead>
                    <Tr>
                        <Th>Rule</Th>
                        <Th>Pushes groups whose</Th>
                        <Th>Groups</Th>
                        <Th>Status</Th>
                    </Tr>
                </Thead>
                <Tbody>
                    {data.items.map((rule) => (
                        <Tr key={rule.id} isRowSelected={chosen === rule.id}>
                            <Td dataLabel="Rule" className="muster-name">
                                <Button
                                    variant="link"
                                    isInline
                                    aria-pressed={chosen === rule.id}
                                    onClick={() => setParams({ rule: chosen === rule.id ? null : rule.id })}
                                >
                                    {rule.name}
                                </Button>
                            </Td>
                            <Td dataLabel="Pushes groups whose" className="muster-name">
                                {[criterionText('name', rule.groupName), criterionText('description', rule.groupDescription)]
                                    .filter(Boolean)
                                    .join(' and ')}
                            </Td>
                            <Td dataLabel="Groups">
                                {rule.mappings.toLocaleString()}
                                {rule.evaluating && <div className="muster-subtle">Looking at all groups…</div>}
                            </Td>
                            <Td dataLabel="Status">
                                <RuleButton app={app} rule={rule} />
                            </Td>
                        </Tr>
                    ))}
                </Tbody>
            </Table>
        </div>
    );
}
