// SPDX-License-Identifier: Apache-2.0
// Assigns an app to a person or to a group, or edits what an assignment says of its attributes.
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import { ownAttributes } from '../api/mapping';
import type { App, AppUser, Group, User } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { groupChoice, groupQuery, personChoice, personQuery } from '../ui/people';
import { Picker } from '../ui/picker';
import { ProfileFields, textsOf, type Profile } from '../ui/profile';
import { useToasts } from '../ui/toasts';

interface Chosen {
    id: string;
    text: string;
}

// `of`: whose assignment is edited; without, one is made.
export function AssignDialog({
    app,
    kind,
    of,
    user,
    profile: stored,
    priority,
    close,
}: {
    app: App;
    kind: 'people' | 'groups';
    of?: Chosen;
    user?: AppUser;
    profile?: Record<string, unknown>;
    priority?: number;
    close: () => void;
}) {
    const toasts = useToasts();
    const [chosen, setChosen] = useState<Chosen | null>(of ?? null);
    const [userName, setUserName] = useState(user?.credentials.userName ?? '');
    const [profile, setProfile] = useState<Profile>(textsOf(stored ?? {}));
    const people = kind === 'people';
    const base = `/api/v1/apps/${app.id}`;
    // Only what was changed here: the rest follows the directory.
    const [before] = useState(profile);
    const changed = people ? Object.fromEntries(Object.entries(profile).filter(([name, value]) => before[name] !== value)) : profile;
    const credentials = userName && userName !== user?.credentials.userName ? { credentials: { userName } } : {};
    const save = useMutation({
        mutationFn: async () => {
            const id = chosen?.id ?? '';
            if (!people) return change('PUT', `${base}/groups/${id}`, { ...(priority === undefined ? {} : { priority }), profile: changed });
            // What is sent replaces all that the assignment says of its own: what it says already stays.
            if (of) return change('POST', `${base}/users/${id}`, { profile: { ...(await ownAttributes(app, id)), ...changed }, ...credentials });
            return change('POST', `${base}/users`, { id, scope: 'USER', profile: changed, ...credentials });
        },
        onSuccess: () => {
            toasts.done(of ? `The assignment of ${chosen?.text ?? ''} is changed` : `${app.label} is assigned to ${chosen?.text ?? ''}`);
            close();
        },
    });
    const title = of ? `Edit the assignment of ${of.text}` : people ? 'Assign to People' : 'Assign to Groups';
    const fields = [...Object.keys(profile), 'userName', 'credentials.userName'];
    return (
        <Modal isOpen variant="medium" aria-label={title} onClose={close}>
            <ModalHeader title={title} description={app.label} />
            <ModalBody>
                <Form
                    id="assign"
                    onSubmit={(event) => {
                        event.preventDefault();
                        if (chosen) save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title={of ? 'The assignment was not changed' : 'The app was not assigned'} fields={fields} />
                    {!of && people && (
                        <FormGroup label="Person" fieldId="assignee" isRequired>
                            <Picker<User>
                                id="assignee"
                                label="Person"
                                path="/api/v1/users"
                                query={personQuery}
                                choiceOf={personChoice}
                                chosen={chosen}
                                onChoose={setChosen}
                                none="Nobody has this in a name, user name or e-mail address."
                            />
                        </FormGroup>
                    )}
                    {!of && !people && (
                        <FormGroup label="Group" fieldId="assignee" isRequired>
                            <Picker<Group>
                                id="assignee"
                                label="Group"
                                path="/api/v1/groups"
                                query={groupQuery}
                                choiceOf={groupChoice}
                                chosen={chosen}
                                onChoose={setChosen}
                                none="No group has this in its name."
                            />
                        </FormGroup>
                    )}
                    {people && (
                        <FormGroup label={`User name in ${app.label}`} fieldId="user-name">
                            <TextInput
                                id="user-name"
                                value={userName}
                                placeholder={of ? undefined : 'as the app says'}
                                onChange={(_event, value) => setUserName(value)}
                                validated={isWrong(save.error, 'userName') ? 'error' : 'default'}
                            />
                            <FieldHelp error={save.error} field="userName" />
                        </FormGroup>
                    )}
                    <ProfileFields profile={profile} change={setProfile} error={save.error} />
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="assign" isDisabled={!chosen} pending={save.isPending}>
                    {of ? 'Save' : 'Assign'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
