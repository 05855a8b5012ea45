// SPDX-License-Identifier: Apache-2.0
// Creates an event hook, or changes one.
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextArea, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { EventHook } from '../api/settings';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';

const HOOKS = '/api/v1/eventHooks';
const URI = 'channel.config.uri';
const ITEMS = 'events.items';
const KEY = 'channel.config.authScheme.key';
const VALUE = 'channel.config.authScheme.value';
const FIELDS = ['name', URI, ITEMS, KEY, VALUE];
const USUAL = ['application.provision.group_push.push_failure', 'muster.app.quarantine.lift', 'muster.drift.found', 'user.session.start'];

function bodyOf(hook: EventHook | null, name: string, uri: string, types: string, key: string, value: string) {
    return {
        name,
        events: { type: 'EVENT_TYPE', items: types.split(/\s+/).filter(Boolean) },
        channel: {
            type: 'HTTP',
            version: '1.0.0',
            config: {
                uri,
                headers: hook?.channel.config.headers ?? [],
                ...(key ? { authScheme: { type: 'HEADER', key, ...(value ? { value } : {}) } } : {}),
            },
        },
    };
}

export function HookDialog({ hook, done, close }: { hook: EventHook | null; done: (hook: EventHook) => void; close: () => void }) {
    const [name, setName] = useState(hook?.name ?? '');
    const [uri, setUri] = useState(hook?.channel.config.uri ?? '');
    const [types, setTypes] = useState((hook?.events.items ?? USUAL).join('\n'));
    const [key, setKey] = useState(hook?.channel.config.authScheme?.key ?? '');
    const [value, setValue] = useState('');
    const save = useMutation({
        mutationFn: () => change<EventHook>(hook ? 'PUT' : 'POST', hook ? `${HOOKS}/${hook.id}` : HOOKS, bodyOf(hook, name, uri, types, key, value)),
        onSuccess: done,
    });
    const wrong = (field: string) => (isWrong(save.error, field) ? 'error' : 'default');
    const title = hook ? 'Edit event hook' : 'Create event hook';
    return (
        <Modal isOpen variant="medium" aria-label={title} onClose={close}>
            <ModalHeader title={title} />
            <ModalBody>
                <Form
                    id="hook"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title={hook ? 'Nothing was changed' : 'The event hook was not created'} fields={FIELDS} />
                    <FormGroup label="Name" fieldId="hook-name" isRequired>
                        <TextInput id="hook-name" autoFocus isRequired value={name} onChange={(_event, text) => setName(text)} validated={wrong('name')} />
                        <FieldHelp error={save.error} field="name" />
                    </FormGroup>
                    <FormGroup label="Address" fieldId="hook-uri" isRequired>
                        <TextInput id="hook-uri" type="url" isRequired value={uri} onChange={(_event, text) => setUri(text)} validated={wrong(URI)} />
                        <FieldHelp error={save.error} field={URI}>
                            It is told by POST, over https: or, on this machine, http:. Another address has to be verified again.
                        </FieldHelp>
                    </FormGroup>
                    <FormGroup label="Types of events, one a line" fieldId="hook-types" isRequired>
                        <TextArea id="hook-types" rows={5} resizeOrientation="vertical" value={types} onChange={(_event, text) => setTypes(text)} validated={wrong(ITEMS)} />
                        <FieldHelp error={save.error} field={ITEMS}>
                            As they stand in the system log.
                        </FieldHelp>
                    </FormGroup>
                    <FormGroup label="Header with a credential" fieldId="hook-key">
                        <TextInput id="hook-key" placeholder="none" value={key} onChange={(_event, text) => setKey(text)} validated={wrong(KEY)} />
                        <FieldHelp error={save.error} field={KEY}>
                            Such as Authorization.
                        </FieldHelp>
                    </FormGroup>
                    {key && (
                        <FormGroup label="What it says" fieldId="hook-value">
                            <TextInput id="hook-value" type="password" autoComplete="off" value={value} onChange={(_event, text) => setValue(text)} validated={wrong(VALUE)} />
                            <FieldHelp error={save.error} field={VALUE}>
                                {hook?.channel.config.authScheme ? 'Stored sealed and never shown. Empty: it stays as it is.' : 'Stored sealed and never shown.'}
                            </FieldHelp>
                        </FormGroup>
                    )}
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="hook" isDisabled={!name.trim() || !uri.trim()} pending={save.isPending}>
                    {hook ? 'Save' : 'Create'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
