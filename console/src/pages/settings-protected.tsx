// SPDX-License-Identifier: Apache-2.0
// Who is never deactivated or removed in an app, and which groups are not deleted there.
import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Stack, StackItem, Title } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change, list } from '../api/client';
import type { Group, User } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ErrorAlert } from '../ui/errors';
import { Picker, quoted, type Choice } from '../ui/picker';
import { Loading, Nothing } from '../ui/states';
import { useToasts } from '../ui/toasts';

interface Protected {
    id: string;
    login?: string;
    name: string;
}

const KINDS = {
    people: {
        path: '/api/v1/org/protected-users',
        of: '/api/v1/users',
        title: 'People',
        add: 'Protect a person',
        text: 'They are never deactivated in an app nor removed from a group of one, whatever the directory says.',
        none: 'Nobody is protected',
    },
    groups: {
        path: '/api/v1/org/protected-groups',
        of: '/api/v1/groups',
        title: 'Groups',
        add: 'Protect a group',
        text: 'They are not deleted in the apps that they are pushed to.',
        none: 'No group is protected',
    },
} as const;
type Kind = keyof typeof KINDS;

function Add({ kind, close }: { kind: Kind; close: () => void }) {
    const toasts = useToasts();
    const { of, add, text } = KINDS[kind];
    const [chosen, setChosen] = useState<Choice<User | Group> | null>(null);
    const protect = useMutation({
        mutationFn: () => change('PUT', `${of}/${chosen?.id}/protection`, { protected: true }),
        onSuccess: () => {
            toasts.done(`${chosen?.text} is protected`);
            close();
        },
    });
    return (
        <Modal isOpen variant="small" aria-label={add} onClose={close}>
            <ModalHeader title={add} description={text} />
            <ModalBody>
                <Form
                    id="protect"
                    onSubmit={(event) => {
                        event.preventDefault();
                        if (chosen) protect.mutate();
                    }}
                >
                    <ErrorAlert error={protect.error} title="Nothing was protected" />
                    <FormGroup label={kind === 'people' ? 'Person' : 'Group'} fieldId="protected-one" isRequired>
                        {kind === 'people' ? (
                            <Picker<User>
                                id="protected-one"
                                label="Person"
                                path={of}
                                query={(typed): Record<string, string> => (typed ? { q: typed } : {})}
                                choiceOf={(user) => ({ id: user.id, text: user.profile.login, detail: `${user.profile.firstName ?? ''} ${user.profile.lastName ?? ''}`.trim(), value: user })}
                                chosen={chosen}
                                onChoose={setChosen}
                                none="Nobody's name or e-mail address begins so."
                            />
                        ) : (
                            <Picker<Group>
                                id="protected-one"
                                label="Group"
                                path={of}
                                query={(typed) => ({ search: `type eq "OKTA_GROUP"${typed ? ` and profile.name co ${quoted(typed)}` : ''}`, sortBy: 'profile.name' })}
                                choiceOf={(group) => ({ id: group.id, text: group.profile.name, detail: group.profile.description ?? undefined, value: group })}
                                chosen={chosen}
                                onChoose={setChosen}
                                none="No group has this in its name."
                            />
                        )}
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="protect" isDisabled={!chosen} pending={protect.isPending}>
                    Protect
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}

function Rows({ kind, rows, end }: { kind: Kind; rows: Protected[]; end: ((row: Protected) => void) | undefined }) {
    return (
        <Table aria-label={`Protected ${kind}`} variant="compact">
            <Thead>
                <Tr>
                    <Th>Name</Th>
                    {end && <Th screenReaderText="Actions" />}
                </Tr>
            </Thead>
            <Tbody>
                {rows.map((row) => (
                    <Tr key={row.id}>
                        <Td dataLabel="Name" className="muster-name">
                            <span>{row.name}</span>
                            {row.login && row.login !== row.name && <div className="muster-subtle">{row.login}</div>}
                        </Td>
                        {end && (
                            <Td dataLabel="Actions" className="muster-actions">
                                <Button variant="link" isInline isDanger aria-label={`End protection of ${row.name}`} onClick={() => end(row)}>
                                    End protection
                                </Button>
                            </Td>
                        )}
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}

function Section({ kind }: { kind: Kind }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const { path, of, title, add, text, none } = KINDS[kind];
    const [adding, setAdding] = useState(false);
    const [ending, setEnding] = useState<Protected | null>(null);
    const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
        queryKey: [path],
        queryFn: ({ signal, pageParam }) => list<Protected>(path, { after: pageParam }, signal),
        initialPageParam: null as string | null,
        getNextPageParam: (page) => page.next,
    });
    const rows = data?.pages.flatMap(({ items }) => items) ?? [];
    const button = mayChange && <Button onClick={() => setAdding(true)}>{add}</Button>;
    return (
        <section aria-labelledby={`protected-${kind}`} className="muster-section">
            <Title headingLevel="h2" id={`protected-${kind}`}>
                {title}
            </Title>
            <p>{text}</p>
            {error && <ErrorAlert error={error} title={`Protected ${kind} cannot be shown`} retry={() => void refetch()} />}
            {!data && !error && <Loading what={`protected ${kind}`} />}
            {data && rows.length === 0 && <Nothing title={none} action={button} level="h3" />}
            {rows.length > 0 && button && <div>{button}</div>}
            {rows.length > 0 && <Rows kind={kind} rows={rows} end={mayChange ? setEnding : undefined} />}
            {hasNextPage && (
                <div>
                    <ActButton variant="secondary" pending={isFetchingNextPage} onClick={() => void fetchNextPage()}>
                        Show more
                    </ActButton>
                </div>
            )}
            {adding && <Add kind={kind} close={() => setAdding(false)} />}
            {ending && (
                <Confirm
                    title="End this protection?"
                    action="End protection"
                    run={async () => {
                        await change('PUT', `${of}/${ending.id}/protection`, { protected: false });
                        toasts.done(`${ending.name} is no longer protected`);
                    }}
                    close={() => setEnding(null)}
                >
                    <p className="muster-break">{ending.name}: what the protection has kept in apps until now follows: deactivations and removals of 1 {kind === 'people' ? 'person' : 'group'}, within the deletion limits.</p>
                </Confirm>
            )}
        </section>
    );
}

export default function ProtectedPage() {
    return (
        <Stack hasGutter>
            <StackItem>
                <Section kind="people" />
            </StackItem>
            <StackItem>
                <Section kind="groups" />
            </StackItem>
        </Stack>
    );
}
