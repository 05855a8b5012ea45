// SPDX-License-Identifier: Apache-2.0
// What a mapping, saved or not, gives for a person, and where each value comes from.
import { Alert, Button, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { AppAttribute, Mapped } from '../api/mapping';
import type { App, User } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { Picker } from '../ui/picker';
import { useSettled } from '../ui/settled';

interface Given {
    profile: Record<string, unknown>;
    sources: Record<string, string>;
    errors: { property: string; errorSummary: string }[];
    credentials: { userName: string };
    assigned: boolean;
    changes: boolean;
}

const SOURCES: Record<string, string> = {
    MAPPING: 'the mapping',
    DEFAULT: "the attribute's default",
    GROUP: "the group's assignment",
    ALL_GROUPS: 'the assignments of all groups',
    INDIVIDUAL: "the person's own assignment",
    APP: 'left as the app has it',
};

function text(value: unknown): string {
    if (value === undefined || value === null || value === '') return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
}

function Values({ given, attributes }: { given: Given; attributes: AppAttribute[] }) {
    return (
        <div className="muster-scroll-x">
            <Table aria-label="What the app would hold" variant="compact">
                <Thead>
                    <Tr>
                        <Th width={30}>Attribute</Th>
                        <Th width={40}>Value</Th>
                        <Th>From</Th>
                    </Tr>
                </Thead>
                <Tbody>
                    {attributes.map(({ name, title }) => {
                        const error = given.errors.find(({ property }) => property === name);
                        return (
                            <Tr key={name}>
                                <Td dataLabel="Attribute" className="muster-name">
                                    {title}
                                </Td>
                                <Td dataLabel="Value" className="muster-name">
                                    {error ? error.errorSummary : text(given.profile[name]) || <span className="muster-subtle">nothing</span>}
                                </Td>
                                <Td dataLabel="From">{SOURCES[given.sources[name] ?? ''] ?? ''}</Td>
                            </Tr>
                        );
                    })}
                </Tbody>
            </Table>
        </div>
    );
}

// `properties`: laid over the mapping as it is.
export function Preview({
    mappingId,
    attributes,
    properties,
}: {
    mappingId: string;
    attributes: AppAttribute[];
    properties?: Record<string, Pick<Mapped, 'expression' | 'pushStatus'> | null>;
}) {
    const [person, setPerson] = useState<{ id: string; text: string } | null>(null);
    const typed = useSettled(properties ? JSON.stringify(properties) : '');
    const path = `/api/v1/mappings/${mappingId}/preview`;
    const { data, error } = useQuery({
        queryKey: [path, person?.id, typed],
        queryFn: () =>
            change<Given>('POST', path, { userId: person?.id, ...(typed ? { properties: JSON.parse(typed) as unknown } : {}) }),
        enabled: person !== null,
        placeholderData: keepPreviousData,
        retry: false,
    });
    return (
        <>
            <FormGroup label="Preview for" fieldId="preview-person">
                <Picker<User>
                    id="preview-person"
                    label="Preview for"
                    path="/api/v1/users"
                    query={(typedName): Record<string, string> => (typedName ? { q: typedName } : {})}
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
            </FormGroup>
            {person && error && <ErrorAlert error={error} title="There is no preview" />}
            {person && data && !error && (
                <>
                    <p role="status">
                        User name <strong className="muster-break">{data.credentials.userName}</strong>.{' '}
                        {data.assigned
                            ? data.changes
                                ? 'This differs from what the app acknowledged.'
                                : 'This is what the app acknowledged.'
                            : 'The person does not have the app: this is what an assignment would give.'}
                    </p>
                    {data.errors.length > 0 && (
                        <Alert variant="warning" isInline component="p" title="Some attributes have no value that can be sent" />
                    )}
                    <Values given={data} attributes={attributes} />
                </>
            )}
        </>
    );
}

export function PreviewDialog({ app, mappingId, attributes, close }: { app: App; mappingId: string; attributes: AppAttribute[]; close: () => void }) {
    const title = 'Preview the profile mapping';
    return (
        <Modal isOpen variant="large" aria-label={title} onClose={close}>
            <ModalHeader title={title} description={app.label} />
            <ModalBody>
                <Preview mappingId={mappingId} attributes={attributes} />
            </ModalBody>
            <ModalFooter>
                <Button variant="secondary" onClick={close}>
                    Close
                </Button>
            </ModalFooter>
        </Modal>
    );
}
