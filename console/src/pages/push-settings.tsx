// SPDX-License-Identifier: Apache-2.0
// Group Push Settings of one app.
import { Button, Checkbox, Form, FormGroup, FormSelect, FormSelectOption, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { App, PushSettings } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp } from '../ui/errors';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

function Fields({ stored, save, error, pending, close }: { stored: PushSettings; save: (settings: PushSettings) => void; error: unknown; pending: boolean; close: () => void }) {
    const mayChange = useMay('ADMIN');
    const [settings, setSettings] = useState(stored);
    const set = (part: Partial<PushSettings>) => setSettings({ ...settings, ...part });
    return (
        <>
            <ModalBody>
                <Form
                    id="push-settings"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save(settings);
                    }}
                >
                    <ErrorAlert error={error} title="The settings were not saved" />
                    <Checkbox
                        id="rename"
                        label="Rename app groups to match group name in the directory"
                        description="Off: groups there keep their names."
                        isDisabled={!mayChange}
                        isChecked={settings.renameAppGroups}
                        onChange={(_event, checked) => set({ renameAppGroups: checked })}
                    />
                    <Checkbox
                        id="delete-linked"
                        label="Groups that were there before they were linked may be deleted in the app"
                        isDisabled={!mayChange}
                        isChecked={settings.deleteLinkedGroups}
                        onChange={(_event, checked) => set({ deleteLinkedGroups: checked })}
                    />
                    <FormGroup label="When a pushed group is deleted in the directory" fieldId="source-deleted">
                        <FormSelect
                            id="source-deleted"
                            isDisabled={!mayChange}
                            value={settings.onSourceGroupDeleted}
                            onChange={(_event, value) => set({ onSourceGroupDeleted: value as PushSettings['onSourceGroupDeleted'] })}
                        >
                            <FormSelectOption value="LEAVE" label="leave the group in the app" />
                            <FormSelectOption value="DELETE" label="delete the group in the app" />
                        </FormSelect>
                    </FormGroup>
                    <FormGroup label="When a pushed group was deleted in the app" fieldId="group-missing">
                        <FormSelect
                            id="group-missing"
                            isDisabled={!mayChange}
                            value={settings.onGroupMissing}
                            onChange={(_event, value) => set({ onGroupMissing: value as PushSettings['onGroupMissing'] })}
                        >
                            <FormSelectOption value="ALERT" label="show it as an error" />
                            <FormSelectOption value="REPAIR" label="make it again, or link one of its name" />
                        </FormSelect>
                        <FieldHelp>Roles that the app gave to the old group are not restored by a new one.</FieldHelp>
                    </FormGroup>
                    <FormGroup label="Read members back after they were pushed" fieldId="verify">
                        <FormSelect
                            id="verify"
                            isDisabled={!mayChange}
                            value={settings.verify}
                            onChange={(_event, value) => set({ verify: value as PushSettings['verify'] })}
                        >
                            <FormSelectOption value="NEVER" label="when somebody asks" />
                            <FormSelectOption value="SAMPLED" label="after one request in ten, by chance" />
                            <FormSelectOption value="ALWAYS" label="each time" />
                        </FormSelect>
                        <FieldHelp>Each time costs a read of the whole group for each change.</FieldHelp>
                    </FormGroup>
                    <FormGroup label="How requests to the app are written" fieldId="dialect">
                        <FormSelect
                            id="dialect"
                            isDisabled={!mayChange}
                            value={settings.dialect}
                            onChange={(_event, value) => set({ dialect: value as PushSettings['dialect'] })}
                        >
                            <FormSelectOption value="STANDARD" label="Standard: only what differs" />
                            <FormSelectOption value="CATALOG" label="As the published client does to an app of its catalogue" />
                            <FormSelectOption value="CUSTOM" label="As the published client does to a custom app" />
                        </FormSelect>
                        <FieldHelp>The published dialects write whole lists of members, with the dangers of that. Choose one only for an app that needs it.</FieldHelp>
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                {mayChange && (
                    <ActButton type="submit" form="push-settings" pending={pending}>
                        Save
                    </ActButton>
                )}
                <Button variant="link" onClick={close}>
                    {mayChange ? 'Cancel' : 'Close'}
                </Button>
            </ModalFooter>
        </>
    );
}

export function PushSettingsDialog({ app, close }: { app: App; close: () => void }) {
    const toasts = useToasts();
    const path = `/api/v1/apps/${app.id}/group-push/settings`;
    const { data, error } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<PushSettings>(path, {}, signal) });
    const save = useMutation({
        mutationFn: (settings: PushSettings) => change('PUT', path, settings),
        onSuccess: () => {
            toasts.done('The settings are saved; they act on what happens from now on');
            close();
        },
    });
    return (
        <Modal isOpen variant="medium" aria-label="Group Push Settings" onClose={close}>
            <ModalHeader title="Group Push Settings" description={app.label} />
            {error && (
                <ModalBody>
                    <ErrorAlert error={error} title="The settings cannot be shown" />
                </ModalBody>
            )}
            {!data && !error && (
                <ModalBody>
                    <Loading what="the settings" />
                </ModalBody>
            )}
            {data && <Fields stored={data} save={(settings) => save.mutate(settings)} error={save.error} pending={save.isPending} close={close} />}
        </Modal>
    );
}
