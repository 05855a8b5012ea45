// SPDX-License-Identifier: Apache-2.0
// What the directory says of a person. Only what was changed here is sent, so that what changes elsewhere meanwhile stays.
import {
    ActionGroup,
    Button,
    DescriptionList,
    DescriptionListDescription,
    DescriptionListGroup,
    DescriptionListTerm,
    Form,
} from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { User } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { AttributeFields, valueText, type Values } from '../ui/attributes';
import { ErrorAlert } from '../ui/errors';
import { personName } from '../ui/people';
import { useAttributes, type Attribute } from '../ui/schema';
import { Loading } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';

function isSet(value: unknown): boolean {
    return value !== undefined && value !== null;
}

function same(one: unknown, other: unknown): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}

function Read({ person, attributes }: { person: User; attributes: Attribute[] }) {
    return (
        <DescriptionList isHorizontal isCompact>
            {attributes
                .filter(({ name }) => isSet(person.profile[name]))
                .map(({ name, title }) => (
                    <DescriptionListGroup key={name}>
                        <DescriptionListTerm>{title}</DescriptionListTerm>
                        <DescriptionListDescription className="muster-break">{valueText(person.profile[name])}</DescriptionListDescription>
                    </DescriptionListGroup>
                ))}
        </DescriptionList>
    );
}

function Edit({ person, attributes }: { person: User; attributes: Attribute[] }) {
    const toasts = useToasts();
    const [draft, setDraft] = useState<Values>({});
    const stored = Object.fromEntries(Object.entries(person.profile).filter(([, value]) => isSet(value)));
    const changed = Object.fromEntries(
        Object.entries(draft).filter(([name, value]) => !same(value, stored[name] ?? null)),
    );
    const count = Object.keys(changed).length;
    const save = useMutation({
        mutationFn: (sent: Values) => change<User>('POST', `/api/v1/users/${person.id}`, { profile: sent }),
        onSuccess: (saved, sent) => {
            toasts.done(`${personName(saved.profile)} is changed`);
            // What was typed meanwhile stays.
            setDraft((typed) => Object.fromEntries(Object.entries(typed).filter(([name, value]) => !same(value, sent[name] ?? saved.profile[name] ?? null))));
        },
    });
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                save.mutate(changed);
            }}
        >
            <ErrorAlert error={save.error} title="The profile was not changed" fields={attributes.map(({ name }) => name)} />
            <AttributeFields
                attributes={attributes}
                values={{ ...stored, ...draft }}
                change={(values) => setDraft(Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== stored[name] || name in draft)))}
                error={save.error}
            />
            <ActionGroup>
                <ActButton type="submit" isDisabled={count === 0} pending={save.isPending}>
                    Save
                </ActButton>
                {Object.keys(draft).length > 0 && (
                    <Button
                        variant="link"
                        onClick={() => {
                            setDraft({});
                            save.reset();
                        }}
                    >
                        Discard changes
                    </Button>
                )}
            </ActionGroup>
        </Form>
    );
}

export default function PersonProfile({ person }: { person: User }) {
    const mayChange = useMay('OPERATOR');
    const attributes = useAttributes('user');
    if (!attributes) return <Loading what="the attributes" />;
    return (
        <>
            {/* Who is deactivated is changed once they are active again. */}
            {mayChange && person.status !== 'DEPROVISIONED' ? <Edit person={person} attributes={attributes} /> : <Read person={person} attributes={attributes} />}
            <p className="muster-subtle">
                Created <Time iso={person.created} />, last changed <Time iso={person.lastUpdated} />, status since <Time iso={person.statusChanged} none="then" />.
            </p>
        </>
    );
}
