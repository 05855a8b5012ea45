// SPDX-License-Identifier: Apache-2.0
// Find groups by rule: every group that matches now and later, with a preview as one types.
import {
    Button,
    Checkbox,
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
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiError, change } from '../api/client';
import type { App, Criterion, PushRule, RulePreviewRow } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { useSetParams } from '../ui/list';
import { useToasts } from '../ui/toasts';
import { CriterionFields } from './push-criteria';

const PREVIEW_ROWS = 20;
const TYPING_MS = 300;
const FIELDS = ['name', 'groupName', 'groupName.value', 'groupDescription', 'groupDescription.value'];
const OUTCOMES: Record<RulePreviewRow['outcome'], [string, 'green' | 'blue' | 'grey' | 'orange']> = {
    CREATE: ['is created', 'green'],
    LINK: ['is linked', 'blue'],
    ALREADY_MAPPED: ['pushed already', 'grey'],
    NAME_TAKEN: ['left out: the name is taken', 'orange'],
};

interface RuleBody {
    name: string;
    groupName?: Criterion;
    groupDescription?: Criterion;
    pushMembershipsImmediately: boolean;
    existingGroups: 'SKIP' | 'LINK';
    retract: 'NO' | 'UNLINK' | 'DELETE_APP_GROUP';
}

const given = (criterion: Criterion) => criterion.operator === 'EVERYTHING' || Boolean(criterion.value);
const criterionOf = (criterion: Criterion): Criterion =>
    criterion.operator === 'EVERYTHING' ? { operator: 'EVERYTHING' } : criterion;

function Preview({ app, body }: { app: App; body: RuleBody | null }) {
    const text = JSON.stringify(body);
    const [typed, setTyped] = useState(text);
    useEffect(() => {
        const timer = window.setTimeout(() => setTyped(text), TYPING_MS);
        return () => window.clearTimeout(timer);
    }, [text]);
    const path = `/api/v1/apps/${app.id}/group-push/rules/preview?limit=${PREVIEW_ROWS}`;
    const { data, error } = useQuery({
        queryKey: [path, typed],
        queryFn: () => change<RulePreviewRow[]>('POST', path, JSON.parse(typed)),
        enabled: typed !== 'null',
        placeholderData: keepPreviousData,
    });
    if (!body) return <p className="muster-subtle">Say what the name or the description of a group has to be, and the groups are shown here.</p>;
    // What is wrong with a field stands beside it once the rule is saved; while one types it is no reason for an alarm.
    if (error) return <p role="status">{error instanceof ApiError ? (error.causes[0] ?? error.message) : error.message}</p>;
    if (!data) return null;
    if (data.length === 0) return <p role="status">No group matches now. Later ones are pushed when they are made or renamed.</p>;
    return (
        <>
            <p role="status">
                {data.length === PREVIEW_ROWS ? `The first ${PREVIEW_ROWS} groups that match:` : `${data.length} ${data.length === 1 ? 'group matches' : 'groups match'}:`}
            </p>
            <Table aria-label="Groups that match" variant="compact" borders={false}>
                <Thead>
                    <Tr>
                        <Th>Group</Th>
                        <Th>In {app.label}</Th>
                    </Tr>
                </Thead>
                <Tbody>
                    {data.map((row) => (
                        <Tr key={row.groupId}>
                            <Td dataLabel="Group" className="muster-name">
                                {row.name}
                                {row.description && <div className="muster-subtle">{row.description}</div>}
                            </Td>
                            <Td dataLabel={`In ${app.label}`}>
                                <Label color={OUTCOMES[row.outcome][1]}>{OUTCOMES[row.outcome][0]}</Label>
                            </Td>
                        </Tr>
                    ))}
                </Tbody>
            </Table>
        </>
    );
}

// Makes a rule, or changes `rule`.
export function PushByRule({ app, rule, close }: { app: App; rule?: PushRule; close: () => void }) {
    const toasts = useToasts();
    const setParams = useSetParams();
    const path = `/api/v1/apps/${app.id}/group-push/rules`;
    const [name, setName] = useState(rule?.name ?? '');
    const [groupName, setGroupName] = useState<Criterion>(rule?.groupName ?? { operator: 'STARTS_WITH', value: '' });
    const [description, setDescription] = useState<Criterion>(rule?.groupDescription ?? { operator: 'STARTS_WITH', value: '' });
    const [atOnce, setAtOnce] = useState(rule?.pushMembershipsImmediately ?? true);
    const [existingGroups, setExistingGroups] = useState<RuleBody['existingGroups']>(rule?.existingGroups ?? 'SKIP');
    const [retract, setRetract] = useState<RuleBody['retract']>(rule?.retract ?? 'NO');
    const complete = given(groupName) || given(description);
    const body: RuleBody = {
        name,
        ...(given(groupName) ? { groupName: criterionOf(groupName) } : {}),
        ...(given(description) ? { groupDescription: criterionOf(description) } : {}),
        pushMembershipsImmediately: atOnce,
        existingGroups,
        retract,
    };
    const save = useMutation({
        mutationFn: () =>
            rule
                ? change<PushRule>('PUT', `${path}/${rule.id}`, { ...body, status: rule.status })
                : change<PushRule>('POST', path, body),
        onSuccess: (saved) => {
            toasts.done(rule ? `${saved.name} is changed` : `${saved.name} is created; its groups are being pushed`);
            close();
            if (!rule) setParams({ filter: 'rule', rule: null });
        },
    });
    const title = rule ? `Edit ${rule.name}` : 'Push groups by rule';
    return (
        <Modal isOpen variant="medium" aria-label={title} onClose={close}>
            <ModalHeader title={title} description="Every group that matches is pushed: those there are, and those that come." />
            <ModalBody>
                <Form
                    id="push-by-rule"
                    onSubmit={(event) => {
                        event.preventDefault();
                        save.mutate();
                    }}
                >
                    <ErrorAlert error={save.error} title="The rule was not saved" fields={FIELDS} />
                    <FormGroup label="Rule name" fieldId="rule-name" isRequired>
                        <TextInput
                            id="rule-name"
                            value={name}
                            onChange={(_event, value) => setName(value)}
                            validated={isWrong(save.error, 'name') ? 'error' : 'default'}
                        />
                        <FieldHelp error={save.error} field="name" />
                    </FormGroup>
                    <CriterionFields
                        id="group-name"
                        label="Group name"
                        help="Letter case does not matter. Leave it empty if only the description counts."
                        criterion={groupName}
                        change={setGroupName}
                        error={save.error}
                        field="groupName"
                    />
                    <CriterionFields
                        id="group-description"
                        label="Group description"
                        help="Both have to match if both are given."
                        criterion={description}
                        change={setDescription}
                        error={save.error}
                        field="groupDescription"
                    />
                    <FormGroup label={`Groups whose name ${app.label} has already`} fieldId="existing-groups">
                        <FormSelect
                            id="existing-groups"
                            value={existingGroups}
                            onChange={(_event, value) => setExistingGroups(value as RuleBody['existingGroups'])}
                        >
                            <FormSelectOption value="SKIP" label="are left out" />
                            <FormSelectOption value="LINK" label="are linked" />
                        </FormSelect>
                    </FormGroup>
                    <FormGroup label="Pushed groups that match no longer" fieldId="retract">
                        <FormSelect id="retract" value={retract} onChange={(_event, value) => setRetract(value as RuleBody['retract'])}>
                            <FormSelectOption value="NO" label="stay pushed" />
                            <FormSelectOption value="UNLINK" label="are unlinked, and left in the app" />
                            <FormSelectOption value="DELETE_APP_GROUP" label="are unlinked, and deleted in the app" />
                        </FormSelect>
                    </FormGroup>
                    <Checkbox
                        id="rule-at-once"
                        label="Push group memberships immediately"
                        isChecked={atOnce}
                        onChange={(_event, checked) => setAtOnce(checked)}
                    />
                    <Preview app={app} body={complete ? { ...body, name: name || 'preview' } : null} />
                </Form>
            </ModalBody>
            <ModalFooter>
                <ActButton
                    type="submit"
                    form="push-by-rule"
                    isDisabled={!name.trim() || !complete}
                    pending={save.isPending}
                >
                    {rule ? 'Save' : 'Create Rule'}
                </ActButton>
                <Button variant="link" onClick={close}>
                    Cancel
                </Button>
            </ModalFooter>
        </Modal>
    );
}
