// SPDX-License-Identifier: Apache-2.0
// Find groups by name: one group, what is done with it in the app, and its members at once or later.
import { Button, Checkbox, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Radio } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { change, get } from '../api/client';
import type { App, Group, Mapping } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Picker, quoted, type Choice } from '../ui/picker';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

interface Match {
    action: 'CREATE' | 'LINK' | 'CHOOSE' | 'NONE';
    targetGroupName: string;
    mappingId?: string;
    candidates: { id: string; name: string }[];
}

type Existing = 'REMOVE' | 'REFUSE' | 'KEEP';
const EXISTING: [Existing, string, string][] = [
    ['REMOVE', 'Remove them', 'A push overwrites: the group there gets exactly the members of the group here.'],
    ['REFUSE', 'Wait', 'If there are any, the push stops before anybody is removed, and says how many.'],
    ['KEEP', 'Keep them', 'They stay until Push now makes the membership exact.'],
];

function choiceOf(group: Group): Choice<Group> {
    return { id: group.id, text: group.profile.name, detail: group.profile.description ?? undefined, value: group };
}

function search(what: string, text: string): Record<string, string> {
    return { search: text ? `${what} and profile.name co ${quoted(text)}` : what, sortBy: 'profile.name' };
}

interface Target {
    id: string;
    text: string;
}

// Match result & push action.
function Action({
    app,
    match,
    link,
    setLink,
    target,
    setTarget,
    existing,
    setExisting,
}: {
    app: App;
    match: Match;
    link: boolean;
    setLink: (link: boolean) => void;
    target: Target | null;
    setTarget: (target: Target | null) => void;
    existing: Existing;
    setExisting: (existing: Existing) => void;
}) {
    const found = {
        CREATE: `${app.label} has no group of this name that Muster knows of.`,
        LINK: `${app.label} has a group of this name.`,
        CHOOSE: `${app.label} has ${match.candidates.length} groups of this name; choose one.`,
        NONE: 'This group is pushed to the app already.',
    }[match.action];
    if (match.action === 'NONE') return <p role="status">{found}</p>;
    return (
        <>
            <FormGroup label="Match result & push action" role="radiogroup" fieldId="push-action">
                <p role="status">{found}</p>
                <Radio
                    id="push-create"
                    name="push-action"
                    label="Create Group"
                    description={`Makes “${match.targetGroupName}” in ${app.label}.`}
                    isChecked={!link}
                    isDisabled={match.action !== 'CREATE'}
                    onChange={() => setLink(false)}
                />
                <Radio
                    id="push-link"
                    name="push-action"
                    label="Link Group"
                    description="Takes a group that the app has."
                    isChecked={link}
                    onChange={() => setLink(true)}
                />
            </FormGroup>
            {link && (
                <>
                    <FormGroup label={`Group in ${app.label}`} fieldId="target-group" isRequired>
                        <Picker<Group>
                            key={match.targetGroupName}
                            id="target-group"
                            label={`Group in ${app.label}`}
                            path="/api/v1/groups"
                            query={(text) => search(`type eq "APP_GROUP" and source.id eq ${quoted(app.id)}`, text)}
                            choiceOf={choiceOf}
                            chosen={target}
                            onChoose={setTarget}
                            none="No group that is known of the app has this in its name; Refresh App Groups reads them anew."
                        />
                    </FormGroup>
                    <FormGroup label="Members there who are not in the group here" role="radiogroup" fieldId="existing">
                        {EXISTING.map(([value, text, description]) => (
                            <Radio
                                key={value}
                                id={`existing-${value}`}
                                name="existing"
                                label={text}
                                description={description}
                                isChecked={existing === value}
                                onChange={() => setExisting(value)}
                            />
                        ))}
                    </FormGroup>
                </>
            )}
        </>
    );
}

export function PushByName({ app, close }: { app: App; close: () => void }) {
    const toasts = useToasts();
    const base = `/api/v1/apps/${app.id}/group-push`;
    const [round, setRound] = useState(0); // Save & Add Another begins anew
    const [source, setSource] = useState<Choice<Group> | null>(null);
    const [link, setLink] = useState(false);
    const [target, setTarget] = useState<Target | null>(null);
    const [existing, setExisting] = useState<Existing>('REMOVE');
    const [atOnce, setAtOnce] = useState(true);
    const match = useQuery({
        queryKey: [`${base}/match`, source?.id],
        queryFn: ({ signal }) => get<Match>(`${base}/match`, { sourceGroupId: source?.id }, signal),
        enabled: source !== null,
        gcTime: 0, // what matched another time may be gone, and what did not may match
    });
    const found = source ? match.data : undefined;
    useEffect(() => {
        if (!found) return;
        const candidate = found.candidates[0];
        setLink(found.action === 'LINK' || found.action === 'CHOOSE');
        setTarget(found.action === 'LINK' && candidate ? { id: candidate.id, text: candidate.name } : null);
    }, [found]);
    const save = useMutation<Mapping, Error, boolean>({
        mutationFn: () =>
            change<Mapping>('POST', `${base}/mappings`, {
                sourceGroupId: source?.id,
                pushMembershipsImmediately: atOnce,
                ...(link ? { targetGroupId: target?.id, existingMembers: existing } : { targetGroupName: found?.targetGroupName }),
            }),
        onSuccess: (_mapping, again) => {
            toasts.done(`${source?.text ?? 'The group'} is being pushed`);
            if (!again) return close();
            setSource(null);
            setRound(round + 1);
        },
    });
    const ready = found && found.action !== 'NONE' && (!link || target) && !save.isPending;
    return (
        <Modal isOpen variant="medium" aria-label="Push groups by name" onClose={close}>
            <ModalHeader title="Push groups by name" description={`One group of the directory to ${app.label}.`} />
            <ModalBody>
                <Form
                    id="push-by-name"
                    onSubmit={(event) => {
                        event.preventDefault();
                        if (ready) save.mutate(false);
                    }}
                >
                    <ErrorAlert error={save.error} title="The group is not pushed" />
                    <FormGroup label="Group to push" fieldId="source-group" isRequired>
                        <Picker<Group>
                            key={round}
                            id="source-group"
                            label="Group to push"
                            path="/api/v1/groups"
                            query={(text) => search('type eq "OKTA_GROUP"', text)}
                            choiceOf={choiceOf}
                            chosen={source}
                            onChoose={(choice) => {
                                setSource(choice);
                                save.reset();
                            }}
                            none="No group has this in its name."
                        />
                    </FormGroup>
                    <ErrorAlert error={match.error} title="The app's groups cannot be compared" />
                    {source && match.isLoading && <Loading what="the match" />}
                    {found && (
                        <Action
                            app={app}
                            match={found}
                            link={link}
                            setLink={setLink}
                            target={target}
                            setTarget={setTarget}
                            existing={existing}
                            setExisting={setExisting}
                        />
                    )}
                    <Checkbox
                        id="at-once"
                        label="Push group memberships immediately"
                        description="Otherwise the group is made now, and its members are pushed when they change next or by Push now."
                        isChecked={atOnce}
                        onChange={(_event, checked) => setAtOnce(checked)}
                    />
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="push-by-name" isDisabled={!ready} pending={save.isPending}>
                    Save
                </ActButton>
                <ActButton variant="secondary" isDisabled={!ready} onClick={() => save.mutate(true)}>
                    Save & Add Another
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
