// SPDX-License-Identifier: Apache-2.0
// The app's users that nobody has confirmed yet, with who each may be; those that were confirmed or ignored too.
import { Button, FormSelect, FormSelectOption, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change } from '../api/client';
import type { ImportedUser } from '../api/imports';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ListBody, useList, useSetParams } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { ConfirmUser } from './import-confirm';

type Status = ImportedUser['status'];

const STATUSES: [Status, string][] = [
    ['UNCONFIRMED', 'Not confirmed'],
    ['CONFIRMED', 'Confirmed'],
    ['IGNORED', 'Ignored'],
];
const REFUSED_SHOWN = 3;

// What each selected user is to the directory, once it is decided.
interface Decision {
    done: number;
    refused: { id: string; error: string }[];
}

function namesOf({ profile }: ImportedUser): string {
    return [profile.firstName, profile.lastName].filter((part) => typeof part === 'string').join(' ');
}

function Match({ user }: { user: ImportedUser }) {
    const login = user.user?.login;
    if (user.status === 'CONFIRMED') return <span className="muster-break">{login ?? 'Confirmed'}</span>;
    const [color, text] =
        user.match === 'EXACT' ? (['green', 'Exact'] as const) : user.match === 'PARTIAL' ? (['orange', 'Partial'] as const) : (['blue', 'New'] as const);
    return (
        <>
            <Label color={color}>{text}</Label>
            <div className="muster-break">{login ?? (user.match === 'PARTIAL' ? 'Several people fit' : 'Nobody in the directory')}</div>
        </>
    );
}

function useDecide(app: App) {
    const toasts = useToasts();
    return useMutation({
        mutationFn: ({ action, ids }: { action: 'CONFIRM' | 'IGNORE' | 'UNIGNORE'; ids: string[] }) =>
            change<Decision>('POST', `/api/v1/apps/${app.id}/imports/users/bulk`, { action, ids }),
        onSuccess: ({ done, refused }, { action }) => {
            const what = { CONFIRM: 'confirmed', IGNORE: 'ignored', UNIGNORE: 'asked about again' }[action];
            if (done > 0) toasts.done(`${done.toLocaleString()} ${done === 1 ? 'user is' : 'users are'} ${what}`);
            if (refused.length > 0) {
                const said = refused.slice(0, REFUSED_SHOWN).map(({ error }) => error);
                toasts.failed(`${refused.length.toLocaleString()} not ${what}`, new Error(said.join('; ')));
            }
        },
        onError: (error) => toasts.failed('Not done', error),
    });
}

function Users({ users, selected, select, act }: { users: ImportedUser[]; selected: string[]; select: (ids: string[]) => void; act: (user: ImportedUser) => void }) {
    const mayDecide = useMay('OPERATOR');
    const all = users.length > 0 && users.every(({ id }) => selected.includes(id));
    return (
        <Table aria-label="Users of the app" variant="compact">
            <Thead>
                <Tr>
                    {mayDecide && (
                        <Th
                            select={{ isSelected: all, onSelect: (_event, on) => select(on ? users.map(({ id }) => id) : []) }}
                        />
                    )}
                    <Th width={40}>User in the app</Th>
                    <Th width={30}>Match</Th>
                    <Th className="muster-column-time">Found</Th>
                    {mayDecide && <Th screenReaderText="Actions" />}
                </Tr>
            </Thead>
            <Tbody>
                {users.map((user, rowIndex) => (
                    <Tr key={user.id}>
                        {mayDecide && (
                            <Td
                                select={{
                                    rowIndex,
                                    isSelected: selected.includes(user.id),
                                    onSelect: (_event, on) =>
                                        select(on ? [...selected, user.id] : selected.filter((id) => id !== user.id)),
                                }}
                            />
                        )}
                        <Td dataLabel="User in the app" className="muster-name">
                            <div>{user.credentials.userName}</div>
                            <div className="muster-subtle">
                                {namesOf(user)}
                                {!user.active && ' (inactive there)'}
                            </div>
                            {user.error && <div className="muster-break">{user.error}</div>}
                        </Td>
                        <Td dataLabel="Match" className="muster-name">
                            <Match user={user} />
                        </Td>
                        <Td dataLabel="Found">
                            <Time iso={user.created} />
                        </Td>
                        {mayDecide && (
                            <Td>
                                {user.status === 'UNCONFIRMED' && (
                                    <Button
                                        variant="secondary"
                                        size="sm"
                                        aria-label={`Say who ${user.credentials.userName} is`}
                                        onClick={() => act(user)}
                                    >
                                        Who is it?
                                    </Button>
                                )}
                            </Td>
                        )}
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}

function Empty({ app, status }: { app: App; status: Status }) {
    if (status === 'CONFIRMED') return <Nothing title="No user of the app is confirmed yet">Import Now reads who has an account there.</Nothing>;
    if (status === 'IGNORED') return <Nothing title="No user of the app is ignored" />;
    return <Nothing title="No user waits for you">Import Now reads the users of {app.label}. Those that Muster is not sure about are listed here.</Nothing>;
}

export function ImportUsers({ app }: { app: App }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayDecide = useMay('OPERATOR');
    const [selected, setSelected] = useState<string[]>([]);
    const [asking, setAsking] = useState<ImportedUser | null>(null);
    const decide = useDecide(app);
    const status: Status = STATUSES.find(([value]) => value.toLowerCase() === params.get('filter'))?.[0] ?? 'UNCONFIRMED';
    const state = useList<ImportedUser>(`/api/v1/apps/${app.id}/imports/users`, { status });
    // Only what is on the screen is acted upon.
    const shown = (state.page?.items ?? []).map(({ id }) => id);
    const ids = selected.filter((id) => shown.includes(id));
    const act = (action: 'CONFIRM' | 'IGNORE' | 'UNIGNORE') => {
        decide.mutate({ action, ids });
        setSelected([]);
    };
    const button = (action: 'CONFIRM' | 'IGNORE' | 'UNIGNORE', text: string) => (
        <ToolbarItem>
            <ActButton variant="secondary" isDisabled={ids.length === 0} pending={decide.isPending} onClick={() => act(action)}>
                {text} {ids.length > 0 && `(${ids.length})`}
            </ActButton>
        </ToolbarItem>
    );
    return (
        <>
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <ToolbarItem>
                        <FormSelect
                            aria-label="Which users"
                            value={status}
                            onChange={(_event, value) => {
                                setSelected([]);
                                setParams({ filter: value === 'UNCONFIRMED' ? null : value.toLowerCase() });
                            }}
                        >
                            {STATUSES.map(([value, text]) => (
                                <FormSelectOption key={value} value={value} label={text} />
                            ))}
                        </FormSelect>
                    </ToolbarItem>
                    {mayDecide && status === 'UNCONFIRMED' && button('CONFIRM', 'Confirm as matched')}
                    {mayDecide && status === 'UNCONFIRMED' && button('IGNORE', 'Ignore')}
                    {mayDecide && status === 'IGNORED' && button('UNIGNORE', 'Ask about again')}
                </ToolbarContent>
            </Toolbar>
            <ListBody state={state} what="users of the app" empty={<Empty app={app} status={status} />}>
                {(users) => <Users users={users} selected={ids} select={setSelected} act={setAsking} />}
            </ListBody>
            {asking && <ConfirmUser app={app} imported={asking} close={() => setAsking(null)} />}
        </>
    );
}
