// SPDX-License-Identifier: Apache-2.0
// Event hooks: addresses that are told of events, whether they are verified, and how telling them goes.
import { Button, Flex, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { EventHook } from '../api/settings';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ListBody, useList } from '../ui/list';
import { ShownOnce } from '../ui/secret';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { Deliveries } from './hook-deliveries';
import { HookDialog } from './hook-dialog';

const HOOKS = '/api/v1/eventHooks';

function Status({ hook }: { hook: EventHook }) {
    const { delivery } = hook;
    return (
        <>
            <Flex spaceItems={{ default: 'spaceItemsSm' }}>
                <Label color={hook.status === 'ACTIVE' ? 'green' : 'grey'}>{hook.status === 'ACTIVE' ? 'Active' : 'Inactive'}</Label>
                {hook.verificationStatus !== 'VERIFIED' && <Label color="orange">Not verified</Label>}
                {delivery?.status === 'RETRYING' && <Label color="red">Cannot be told</Label>}
            </Flex>
            {delivery?.status === 'RETRYING' && (
                <div className="muster-subtle">
                    {delivery.error}; tried again <Time iso={delivery.nextTry} />
                </div>
            )}
        </>
    );
}

function Actions({ hook, open }: { hook: EventHook; open: (what: 'edit' | 'deliveries' | 'delete' | 'secret') => void }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const act = useMutation({
        mutationFn: (verb: 'verify' | 'activate' | 'deactivate') => change('POST', `${HOOKS}/${hook.id}/lifecycle/${verb}`),
        onSuccess: (_answer, verb) => toasts.done(`${hook.name}: ${{ verify: 'verified', activate: 'activated', deactivate: 'deactivated' }[verb]}`),
        onError: (error) => toasts.failed(hook.name, error),
    });
    const button = (text: string, run: () => void, danger = false) => (
        <ActButton key={text} variant="link" isInline isDanger={danger} pending={act.isPending} aria-label={`${text}: ${hook.name}`} onClick={run}>
            {text}
        </ActButton>
    );
    return (
        <Flex spaceItems={{ default: 'spaceItemsMd' }}>
            {button('Deliveries', () => open('deliveries'))}
            {mayChange && [
                hook.verificationStatus !== 'VERIFIED' && button('Verify', () => act.mutate('verify')),
                hook.status === 'ACTIVE' ? button('Deactivate', () => act.mutate('deactivate')) : button('Activate', () => act.mutate('activate')),
                button('Edit', () => open('edit')),
                button('New signing secret', () => open('secret')),
                hook.status === 'INACTIVE' && button('Delete', () => open('delete'), true),
            ]}
        </Flex>
    );
}

function Rows({ hooks, open }: { hooks: EventHook[]; open: (hook: EventHook, what: 'edit' | 'deliveries' | 'delete' | 'secret') => void }) {
    return (
        <Table aria-label="Event hooks" variant="compact">
            <Thead>
                <Tr>
                    <Th>Name</Th>
                    <Th>Events</Th>
                    <Th>Status</Th>
                    <Th screenReaderText="Actions" />
                </Tr>
            </Thead>
            <Tbody>
                {hooks.map((hook) => (
                    <Tr key={hook.id}>
                        <Td dataLabel="Name" className="muster-name">
                            <span>{hook.name}</span>
                            <div className="muster-subtle">{hook.channel.config.uri}</div>
                        </Td>
                        <Td dataLabel="Events" className="muster-name">
                            {hook.events.items.length === 1 ? hook.events.items[0] : `${hook.events.items.length} types`}
                        </Td>
                        <Td dataLabel="Status">
                            <Status hook={hook} />
                        </Td>
                        <Td dataLabel="Actions" className="muster-actions">
                            <Actions hook={hook} open={(what) => open(hook, what)} />
                        </Td>
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}

export default function Hooks() {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const state = useList<EventHook>(HOOKS);
    const [opened, setOpened] = useState<{ hook: EventHook | null; what: 'edit' | 'deliveries' | 'delete' | 'secret' } | null>(null);
    const [secret, setSecret] = useState<EventHook | null>(null);
    const close = () => setOpened(null);
    const create = mayChange && <Button onClick={() => setOpened({ hook: null, what: 'edit' })}>Create event hook</Button>;
    const hook = opened?.hook ?? null;
    return (
        <>
            <Toolbar>
                <ToolbarContent>
                    <ToolbarItem>{create}</ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody
                state={state}
                what="event hooks"
                empty={
                    <Nothing title="There are no event hooks" action={create}>
                        An event hook tells an address of yours what happens, a moment after it happened.
                    </Nothing>
                }
            >
                {(hooks) => <Rows hooks={hooks} open={(one, what) => setOpened({ hook: one, what })} />}
            </ListBody>
            {opened?.what === 'edit' && (
                <HookDialog
                    hook={hook}
                    close={close}
                    done={(saved) => {
                        close();
                        if (saved.signingSecret) setSecret(saved);
                        else toasts.done(`${saved.name} is saved`);
                    }}
                />
            )}
            {opened?.what === 'deliveries' && hook && <Deliveries hook={hook} close={close} />}
            {opened?.what === 'secret' && hook && (
                <Confirm
                    title="A new signing secret?"
                    action="Make a new secret"
                    run={async () => setSecret(await change<EventHook>('POST', `${HOOKS}/${hook.id}/signing-secret`))}
                    close={close}
                >
                    <p className="muster-break">Deliveries to {hook.name} are signed with it from now on. The receiver refuses them until it knows the new one.</p>
                </Confirm>
            )}
            {opened?.what === 'delete' && hook && (
                <Confirm
                    title="Delete this event hook?"
                    action="Delete event hook"
                    run={async () => {
                        await change('DELETE', `${HOOKS}/${hook.id}`);
                        toasts.done(`${hook.name} is deleted`);
                    }}
                    close={close}
                >
                    <p className="muster-break">1 event hook, {hook.name}, is deleted, and what is known of its deliveries. Events that wait for it are not told any more.</p>
                </Confirm>
            )}
            {secret?.signingSecret && (
                <ShownOnce
                    title="Signing secret"
                    label="Signing secret"
                    value={secret.signingSecret}
                    text="Give it to the receiver, which can check by it that a delivery comes from here. It is shown this once. Verify the hook next, unless it is verified."
                    close={() => setSecret(null)}
                />
            )}
        </>
    );
}
