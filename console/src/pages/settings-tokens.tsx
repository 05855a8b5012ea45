// SPDX-License-Identifier: Apache-2.0
// API tokens: who has one, with which role; a new one is shown once.
import {
    Button,
    Form,
    FormGroup,
    FormSelect,
    FormSelectOption,
    Label,
    Modal,
    ModalBody,
    ModalFooter,
    ModalHeader,
    TextInput,
    Toolbar,
    ToolbarContent,
    ToolbarItem,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import { ROLES, ROLE_NAMES, type ApiToken } from '../api/settings';
import type { Role } from '../api/types';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { ListBody, useList } from '../ui/list';
import { ShownOnce } from '../ui/secret';
import { Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';

const TOKENS = '/api/v1/api-tokens';

function Create({ made, close }: { made: (token: ApiToken) => void; close: () => void }) {
    const [name, setName] = useState('');
    const [role, setRole] = useState<Role>('READ_ONLY');
    const create = useMutation({ mutationFn: () => change<ApiToken>('POST', TOKENS, { name, role }), onSuccess: made });
    return (
        <Modal isOpen variant="small" aria-label="Create token" onClose={close}>
            <ModalHeader title="Create token" description="For a program that calls the management API." />
            <ModalBody>
                <Form
                    id="create-token"
                    onSubmit={(event) => {
                        event.preventDefault();
                        create.mutate();
                    }}
                >
                    <ErrorAlert error={create.error} title="The token was not created" fields={['name']} />
                    <FormGroup label="Token name" fieldId="token-name" isRequired>
                        <TextInput
                            id="token-name"
                            autoFocus
                            isRequired
                            value={name}
                            onChange={(_event, value) => setName(value)}
                            validated={isWrong(create.error, 'name') ? 'error' : 'default'}
                        />
                        <FieldHelp error={create.error} field="name">
                            What uses it. It stands in the system log beside what is done with it.
                        </FieldHelp>
                    </FormGroup>
                    <FormGroup label="Role" fieldId="token-role">
                        <FormSelect id="token-role" value={role} onChange={(_event, value) => setRole(value as Role)}>
                            {ROLES.map(([value, text]) => (
                                <FormSelectOption key={value} value={value} label={text} />
                            ))}
                        </FormSelect>
                        <FieldHelp>The role of a token cannot be changed later.</FieldHelp>
                    </FormGroup>
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton type="submit" form="create-token" isDisabled={!name.trim()} pending={create.isPending}>
                    Create
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}

export default function Tokens() {
    const toasts = useToasts();
    const state = useList<ApiToken>(TOKENS);
    const [creating, setCreating] = useState(false);
    const [made, setMade] = useState<ApiToken | null>(null);
    const [revoking, setRevoking] = useState<ApiToken | null>(null);
    const create = <Button onClick={() => setCreating(true)}>Create token</Button>;
    return (
        <>
            <Toolbar>
                <ToolbarContent>
                    <ToolbarItem>{create}</ToolbarItem>
                </ToolbarContent>
            </Toolbar>
            <ListBody state={state} what="tokens" empty={<Nothing title="There are no tokens" action={create} />}>
                {(tokens) => (
                    <Table aria-label="API tokens" variant="compact">
                        <Thead>
                            <Tr>
                                <Th>Name</Th>
                                <Th>Role</Th>
                                <Th>Created</Th>
                                <Th>Ends</Th>
                                <Th screenReaderText="Actions" />
                            </Tr>
                        </Thead>
                        <Tbody>
                            {tokens.map((token) => (
                                <Tr key={token.id}>
                                    <Td dataLabel="Name" className="muster-name">
                                        {token.name}
                                    </Td>
                                    <Td dataLabel="Role">
                                        <Label>{ROLE_NAMES[token.role]}</Label>
                                    </Td>
                                    <Td dataLabel="Created">
                                        <Time iso={token.created} />
                                    </Td>
                                    <Td dataLabel="Ends">
                                        <Time iso={token.expiresAt} />
                                    </Td>
                                    <Td dataLabel="Actions" className="muster-actions">
                                        <Button variant="link" isInline isDanger aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
                                            Revoke
                                        </Button>
                                    </Td>
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                )}
            </ListBody>
            {creating && (
                <Create
                    close={() => setCreating(false)}
                    made={(token) => {
                        setCreating(false);
                        setMade(token);
                    }}
                />
            )}
            {made?.token && (
                <ShownOnce
                    title="Your new token"
                    label="Token"
                    value={made.token}
                    text="Copy the token now: it is shown this once. Whoever has it may do what its role may."
                    close={() => setMade(null)}
                />
            )}
            {revoking && (
                <Confirm
                    title="Revoke this token?"
                    action="Revoke token"
                    run={async () => {
                        await change('DELETE', `${TOKENS}/${revoking.id}`);
                        toasts.done(`${revoking.name} is revoked`);
                    }}
                    close={() => setRevoking(null)}
                >
                    <p className="muster-break">1 token is revoked: {revoking.name}. Whatever uses it is refused from now on, and that cannot be taken back.</p>
                </Confirm>
            )}
        </>
    );
}
