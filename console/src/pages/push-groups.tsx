// SPDX-License-Identifier: Apache-2.0
// Push Groups: which groups are pushed to an app, how each of them is doing, and what can be done about it.
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
    ToolbarGroup,
    ToolbarItem,
} from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change } from '../api/client';
import type { App, Mapping } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ListBody, Search, useList, useSetParams } from '../ui/list';
import { Nothing } from '../ui/states';
import { useToasts } from '../ui/toasts';
import { BulkActions } from './push-bulk';
import { PushByName } from './push-by-name';
import { PushByRule } from './push-by-rule';
import { PushInfo } from './push-info';
import { PushRules } from './push-rules';
import { PushSettingsDialog } from './push-settings';
import { PushTable } from './push-table';

const FILTERS: [string | null, string][] = [
    [null, 'All'],
    ['errors', 'Errors'],
    ['name', 'By name'],
    ['rule', 'By rule'],
];

function queryOf(params: URLSearchParams): Record<string, string | undefined> {
    const filter = params.get('filter');
    return {
        expand: 'groups',
        q: params.get('q') ?? undefined,
        errors: filter === 'errors' ? 'true' : undefined,
        ruleId: filter === 'name' ? 'none' : (params.get('rule') ?? undefined),
    };
}

function PushButton({ open }: { open: (how: 'name' | 'rule') => void }) {
    const [shown, setShown] = useState(false);
    return (
        <Dropdown
            isOpen={shown}
            onOpenChange={setShown}
            shouldFocusFirstItemOnOpen
            shouldFocusToggleOnSelect
            onSelect={() => setShown(false)}
            toggle={(ref) => (
                <MenuToggle ref={ref} variant="primary" isExpanded={shown} onClick={() => setShown(!shown)}>
                    Push Groups
                </MenuToggle>
            )}
        >
            <DropdownList>
                <DropdownItem onClick={() => open('name')}>Find groups by name</DropdownItem>
                <DropdownItem onClick={() => open('rule')}>Find groups by rule</DropdownItem>
            </DropdownList>
        </Dropdown>
    );
}

type Dialog = 'name' | 'rule' | 'settings' | null;

function Tools({ app, bulk, setBulk, open }: { app: App; bulk: boolean; setBulk: (on: boolean) => void; open: (dialog: Dialog) => void }) {
    const toasts = useToasts();
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayPush = useMay('OPERATOR');
    const filter = params.get('filter');
    const base = `/api/v1/apps/${app.id}/group-push`;
    const retry = useMutation({
        mutationFn: () => change<{ retried: number }>('POST', `${base}/retry`),
        onSuccess: ({ retried }) => toasts.done(`Trying ${retried} ${retried === 1 ? 'group' : 'groups'} again`),
        onError: (error) => toasts.failed('Nothing is tried again', error),
    });
    const refresh = useMutation({
        mutationFn: () => change('POST', `${base}/refresh`),
        onSuccess: () => toasts.done(`The groups of ${app.label} are being read`),
        onError: (error) => toasts.failed('The groups of the app are not read', error),
    });
    return (
        <Toolbar>
            <ToolbarContent rowWrap={{ default: 'wrap' }}>
                <ToolbarGroup rowWrap={{ default: 'wrap' }}>
                    {mayPush && (
                        <ToolbarItem>
                            <PushButton open={open} />
                        </ToolbarItem>
                    )}
                    <ToolbarItem>
                        <ToggleGroup aria-label="Pushed groups">
                            {FILTERS.map(([value, text]) => (
                                <ToggleGroupItem
                                    key={text}
                                    text={text}
                                    buttonId={`filter-${value ?? 'all'}`}
                                    isSelected={filter === value}
                                    onChange={() => setParams({ filter: value, rule: null })}
                                />
                            ))}
                        </ToggleGroup>
                    </ToolbarItem>
                    <ToolbarItem>
                        <Search label="Search pushed groups" placeholder="Part of a name" />
                    </ToolbarItem>
                </ToolbarGroup>
                {mayPush && (
                    <ToolbarGroup align={{ lg: 'alignEnd' }} rowWrap={{ default: 'wrap' }}>
                        {filter === 'errors' && (
                            <ToolbarItem>
                                <ActButton variant="secondary" pending={retry.isPending} onClick={() => retry.mutate()}>
                                    Retry All Groups
                                </ActButton>
                            </ToolbarItem>
                        )}
                        <ToolbarItem>
                            <ActButton variant="secondary" pending={refresh.isPending} onClick={() => refresh.mutate()}>
                                Refresh App Groups
                            </ActButton>
                        </ToolbarItem>
                        <ToolbarItem>
                            <Button variant="secondary" aria-pressed={bulk} onClick={() => setBulk(!bulk)}>
                                Bulk Edit
                            </Button>
                        </ToolbarItem>
                    </ToolbarGroup>
                )}
                <ToolbarItem>
                    <Button variant="secondary" onClick={() => open('settings')}>
                        Settings
                    </Button>
                </ToolbarItem>
            </ToolbarContent>
        </Toolbar>
    );
}

function empty(params: URLSearchParams) {
    if (params.get('q')) return <Nothing title="No pushed group matches">Search by a part of either name.</Nothing>;
    if (params.get('filter') === 'errors') return <Nothing title="No errors">Every pushed group is in step or on its way.</Nothing>;
    if (params.get('filter') || params.get('after')) return <Nothing title="No pushed groups here" />;
    return (
        <Nothing title="No groups are pushed yet">
            Push Groups finds groups of the directory by name or by rule, and keeps their members in step in the app.
        </Nothing>
    );
}

export default function PushGroups({ app }: { app: App }) {
    const [params] = useSearchParams();
    const [dialog, setDialog] = useState<Dialog>(null);
    const [bulk, setBulk] = useState(false);
    const [selected, setSelected] = useState<Set<string>>(new Set());
    const setParams = useSetParams();
    const path = `/api/v1/apps/${app.id}/group-push/mappings`;
    const state = useList<Mapping>(path, queryOf(params));
    const info = params.get('info');
    const close = () => setDialog(null);
    const rows = state.page?.items ?? [];
    return (
        <>
            <Tools
                app={app}
                bulk={bulk}
                setBulk={(on) => {
                    setBulk(on);
                    setSelected(new Set());
                }}
                open={setDialog}
            />
            {params.get('filter') === 'rule' && <PushRules app={app} />}
            {bulk && (
                <BulkActions
                    app={app}
                    mappings={rows.filter((row) => selected.has(row.id))}
                    done={(ids) => setSelected((before) => new Set([...before].filter((id) => !ids.includes(id))))}
                />
            )}
            {(params.get('filter') !== 'rule' || params.get('rule')) && (
                <ListBody state={state} what="pushed groups" empty={empty(params)}>
                    {(mappings) => (
                        <PushTable
                            app={app}
                            mappings={mappings}
                            selected={bulk ? selected : null}
                            select={setSelected}
                            showInfo={(mapping) => setParams({ info: mapping.id })}
                        />
                    )}
                </ListBody>
            )}
            {dialog === 'name' && <PushByName app={app} close={close} />}
            {dialog === 'rule' && <PushByRule app={app} close={close} />}
            {dialog === 'settings' && <PushSettingsDialog app={app} close={close} />}
            {info && <PushInfo app={app} mappingId={info} close={() => setParams({ info: null })} />}
        </>
    );
}
