// SPDX-License-Identifier: Apache-2.0
// Says who a user of the app is: the person whom Muster found, another one, or somebody new.
import { Button, Checkbox, Form, Modal, ModalBody, ModalFooter, ModalHeader, Radio } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { ImportedUser } from '../api/imports';
import type { App, User } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Picker } from '../ui/picker';
import { useToasts } from '../ui/toasts';

type Who = 'matched' | 'other' | 'new' | 'ignore';

export function ConfirmUser({ app, imported, close }: { app: App; imported: ImportedUser; close: () => void }) {
    const toasts = useToasts();
    const matched = imported.user;
    const [who, setWho] = useState<Who>(matched ? 'matched' : imported.match === 'NEW' ? 'new' : 'other');
    const [person, setPerson] = useState<{ id: string; text: string } | null>(null);
    const [activate, setActivate] = useState(true);
    const name = imported.credentials.userName;
    const path = `/api/v1/apps/${app.id}/imports/users/${imported.id}`;
    const save = useMutation({
        mutationFn: () => {
            if (who === 'ignore') return change('POST', `${path}/ignore`);
            if (who === 'new') return change('POST', `${path}/confirm`, { create: true, activate });
            return change('POST', `${path}/confirm`, { userId: who === 'matched' ? matched?.id : person?.id });
        },
        onSuccess: () => {
            toasts.done(who === 'ignore' ? `${name} is ignored` : `${name} is confirmed`);
            close();
        },
    });
    const radio = (value: Who, label: string, description: string) => (
        <Radio
            id={`who-${value}`}
            name="who"
            label={<span className="muster-break">{label}</span>}
            description={description}
            isChecked={who === value}
            onChange={() => setWho(value)}
        />
    );
    return (
        <Modal isOpen variant="medium" aria-label="Who is it?" onClose={close}>
            <ModalHeader title="Who is it?" description={<span className="muster-break">{name}</span>} />
            <ModalBody>
                <Form
                    id="who"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title="Not confirmed" />
                    {matched && radio('matched', matched.login, 'The person whom Muster found. The account is theirs, and they have the app.')}
                    {radio('other', matched ? 'Another person of the directory' : 'A person of the directory', 'The account is theirs, and they have the app.')}
                    {who === 'other' && (
                        <Picker<User>
                            id="who-person"
                            label="Person"
                            path="/api/v1/users"
                            query={(text): Record<string, string> => (text ? { q: text } : {})}
                            choiceOf={(user) => ({
                                id: user.id,
                                text: user.profile.login,
                                detail: [user.profile.firstName, user.profile.lastName].filter(Boolean).join(' '),
                                value: user,
                            })}
                            chosen={person}
                            onChoose={setPerson}
                            none="Nobody's name or e-mail address begins so."
                        />
                    )}
                    {radio('new', 'Somebody new', 'A person is made in the directory of what the app says.')}
                    {who === 'new' && (
                        <Checkbox id="who-activate" label="Activate the person" isChecked={activate} onChange={(_event, on) => setActivate(on)} />
                    )}
                    {radio('ignore', 'Nobody: ignore it', 'The account stays as it is, and you are not asked again.')}
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton
                    type="submit"
                    form="who"
                    isDisabled={who === 'other' && !person}
                    pending={save.isPending}
                >
                    {who === 'ignore' ? 'Ignore' : 'Confirm'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
