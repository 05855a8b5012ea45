// SPDX-License-Identifier: Apache-2.0
// What the last complete scan found, or what was accepted: narrowed by what it is and who did it, repaired or accepted one
// by one or together.
import { Button, FormSelect, FormSelectOption, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { change, url } from '../api/client';
import { CAUSES, KINDS, classOf, objectOf, type Difference, type DriftKind } from '../api/drift';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ListBody, useList, useSetParams } from '../ui/list';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { DriftAct } from './drift-act';

// What an account that somebody made inactive there is never repaired to.
const NEVER: DriftKind = 'ACCOUNT_INACTIVE';

function What({ difference }: { difference: Difference }) {
    const { kind, attribute, wanted, found } = difference;
    const value = (text: string | null | undefined) => (text === null || text === undefined || text === '' ? 'nothing' : `“${text}”`);
    return (
        <>
            <strong>{KINDS[kind]}</strong>
            <div>{objectOf(difference)}</div>
            {kind === 'ATTRIBUTE_DIFFERS' && (
                <div>
                    {attribute}: the app has {value(found)}, it should be {value(wanted)}
                </div>
            )}
            {kind === 'GROUP_RENAMED' && (
                <div>
                    The app calls it {value(found)}, it should be {value(wanted)}
                </div>
            )}
            {difference.error && <div className="muster-subtle">{difference.error}</div>}
        </>
    );
}

function State({ difference }: { difference: Difference }) {
    if (difference.status === 'REPAIRING') return <Label color="blue">Being repaired</Label>;
    if (difference.accepted)
        return (
            <>
                <Label color="grey">Accepted</Label>
                <div className="muster-subtle">
                    <Time iso={difference.accepted.at} /> {difference.accepted.by && `by ${difference.accepted.by}`}
                </div>
                {difference.accepted.note && <div className="muster-break">{difference.accepted.note}</div>}
            </>
        );
    return (
        <>
            <Label color="orange">Open</Label>
            {difference.repairs > 0 && <div className="muster-subtle">repaired {difference.repairs} times, and back again</div>}
        </>
    );
}

function Revoke({ app, difference }: { app: App; difference: Difference }) {
    const toasts = useToasts();
    const revoke = useMutation({
        mutationFn: () => change('DELETE', `/api/v1/apps/${app.id}/drift/exceptions/${difference.id}`),
        onSuccess: () => toasts.done('The exception is taken back'),
        onError: (error) => toasts.failed('Not taken back', error),
    });
    return (
        <ActButton
            variant="secondary"
            size="sm"
            aria-label={`Take back: ${KINDS[difference.kind]}, ${objectOf(difference)}`}
            pending={revoke.isPending}
            onClick={() => revoke.mutate()}
        >
            Take back
        </ActButton>
    );
}

function Differences({ app, list, selected, select }: { app: App; list: Difference[]; selected: string[]; select: (ids: string[]) => void }) {
    const mayRepair = useMay('OPERATOR');
    const mayAccept = useMay('ADMIN');
    const open = list.filter(({ accepted }) => !accepted);
    const selectable = mayRepair && open.length > 0;
    const revocable = mayAccept && open.length < list.length;
    return (
        <Table aria-label="Differences" variant="compact">
            <Thead>
                <Tr>
                    {selectable && (
                        <Th
                            select={{
                                isSelected: open.every(({ id }) => selected.includes(id)),
                                onSelect: (_event, on) => select(on ? open.map(({ id }) => id) : []),
                            }}
                        />
                    )}
                    <Th width={45}>What</Th>
                    <Th width={25}>Who did it</Th>
                    <Th className="muster-column-time">Since</Th>
                    <Th>Status</Th>
                    {revocable && <Th screenReaderText="Actions" />}
                </Tr>
            </Thead>
            <Tbody>
                {list.map((difference, rowIndex) => (
                    <Tr key={difference.id}>
                        {selectable && (
                            <Td
                                select={{
                                    rowIndex,
                                    isDisabled: Boolean(difference.accepted),
                                    isSelected: selected.includes(difference.id),
                                    onSelect: (_event, on) =>
                                        select(on ? [...selected, difference.id] : selected.filter((id) => id !== difference.id)),
                                }}
                            />
                        )}
                        <Td dataLabel="What" className="muster-name">
                            <What difference={difference} />
                        </Td>
                        <Td dataLabel="Who did it" className="muster-name">
                            {CAUSES[difference.cause]}
                            <div className="muster-subtle">{classOf(difference)}</div>
                        </Td>
                        <Td dataLabel="Since">
                            <Time iso={difference.since} />
                        </Td>
                        <Td dataLabel="Status">
                            <State difference={difference} />
                        </Td>
                        {revocable && <Td>{difference.accepted && <Revoke app={app} difference={difference} />}</Td>}
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}

function Choice({ label, name, all, texts }: { label: string; name: string; all: string; texts: Record<string, string> }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    return (
        <ToolbarItem>
            <FormSelect aria-label={label} value={params.get(name) ?? ''} onChange={(_event, value) => setParams({ [name]: value || null })}>
                <FormSelectOption value="" label={all} />
                {Object.entries(texts).map(([value, text]) => (
                    <FormSelectOption key={value} value={value} label={text} />
                ))}
            </FormSelect>
        </ToolbarItem>
    );
}

function Empty({ app, accepted, scanned, narrowed }: { app: App; accepted: boolean; scanned: boolean; narrowed: boolean }) {
    if (narrowed) return <Nothing title="No difference matches">Take another kind, or anybody.</Nothing>;
    if (accepted) return <Nothing title="Nothing is accepted">A difference that may stay as it is can be accepted under Differences.</Nothing>;
    if (!scanned) return <Nothing title={`${app.label} was not scanned yet`}>Scan Now reads what it holds, and changes nothing.</Nothing>;
    return <Nothing title={`${app.label} holds what it should`}>The last scan found no difference.</Nothing>;
}

export function DriftFindings({ app, accepted, scanned }: { app: App; accepted: boolean; scanned: boolean }) {
    const [params] = useSearchParams();
    const mayRepair = useMay('OPERATOR');
    const mayAccept = useMay('ADMIN');
    const [selected, setSelected] = useState<string[]>([]);
    // What is asked about, as it was then: what is repaired leaves the list, perhaps before the answer is there.
    const [asked, setAsked] = useState<{ act: 'repair' | 'accept'; chosen: Difference[] } | null>(null);
    const narrowedBy = { kind: params.get('kind') ?? undefined, cause: params.get('cause') ?? undefined };
    const path = `/api/v1/apps/${app.id}/drift/${accepted ? 'exceptions' : 'differences'}`;
    const state = useList<Difference>(path, narrowedBy);
    // Only what is on the screen is acted upon.
    const chosen = (state.page?.items ?? []).filter(({ id }) => selected.includes(id));
    const never = chosen.some(({ kind }) => kind === NEVER);
    const count = chosen.length > 0 ? ` (${chosen.length})` : '';
    return (
        <>
            <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <Choice label="What differs" name="kind" all="Every kind" texts={KINDS} />
                    <Choice label="Who did it" name="cause" all="Anybody" texts={CAUSES} />
                    {mayRepair && !accepted && (
                        <ToolbarItem>
                            <ActButton variant="secondary" isDisabled={chosen.length === 0 || never} onClick={() => setAsked({ act: 'repair', chosen })}>
                                Repair{count}
                            </ActButton>
                        </ToolbarItem>
                    )}
                    {mayAccept && !accepted && (
                        <ToolbarItem>
                            <ActButton variant="secondary" isDisabled={chosen.length === 0} onClick={() => setAsked({ act: 'accept', chosen })}>
                                Accept{count}
                            </ActButton>
                        </ToolbarItem>
                    )}
                    <ToolbarItem>
                        <Button variant="link" component="a" href={url(path, { ...narrowedBy, format: 'csv', limit: 1000 })} download="drift.csv">
                            As CSV
                        </Button>
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            {never && (
                <p role="status">
                    An account that somebody made inactive in the app is never activated by a repair: reactivate the person, or accept it.
                </p>
            )}
            <ListBody
                state={state}
                what="differences"
                empty={
                    <Empty app={app} accepted={accepted} scanned={scanned} narrowed={Boolean(narrowedBy.kind ?? narrowedBy.cause)} />
                }
            >
                {(list) => <Differences app={app} list={list} selected={selected} select={setSelected} />}
            </ListBody>
            {asked && (
                <DriftAct
                    app={app}
                    {...asked}
                    close={() => {
                        setAsked(null);
                        setSelected([]);
                    }}
                />
            )}
        </>
    );
}
