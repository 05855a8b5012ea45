// SPDX-License-Identifier: Apache-2.0
// A group rule as a form: who, and into which groups. The groups of a rule that is there cannot be changed, as published.
import { ActionGroup, Button, Form, FormGroup, TextInput, Title } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import { RULES, RULE_EXCLUDED_MAX, RULE_GROUPS_MAX, type GroupRule } from '../api/rules';
import type { Group, User } from '../api/types';
import { ActButton } from '../ui/act-button';
import { ChooseMany, type Chosen } from '../ui/choose-many';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { ExpressionEditor } from '../ui/expression';
import { groupChoice, groupQuery, personChoice, personQuery } from '../ui/people';
import { useToasts } from '../ui/toasts';
import { RulePreview } from './rule-preview';

const EXPRESSION = 'conditions.expression.value';
const USERS = 'conditions.people.users.exclude';
const GROUPS = 'conditions.people.groups.exclude';
const TARGETS = 'actions.assignUserToGroups.groupIds';
const idsOf = (chosen: Chosen[]) => chosen.map(({ id }) => id);

export interface RuleParts {
    name: string;
    expression: string;
    targets: Chosen[];
    users: Chosen[];
    groups: Chosen[];
}

function bodyOf(parts: RuleParts) {
    return {
        type: 'group_rule',
        name: parts.name,
        conditions: {
            people: { users: { exclude: idsOf(parts.users) }, groups: { exclude: idsOf(parts.groups) } },
            expression: { value: parts.expression, type: 'urn:okta:expression:1.0' },
        },
        actions: { assignUserToGroups: { groupIds: idsOf(parts.targets) } },
    };
}

// `rule`: the one that is changed; without, one is made. `isDisabled`: it is only shown.
export function RuleForm({ rule, stored, isDisabled }: { rule?: GroupRule; stored: RuleParts; isDisabled: boolean }) {
    const toasts = useToasts();
    const navigate = useNavigate();
    const [draft, setDraft] = useState<Partial<RuleParts>>({});
    const parts = isDisabled ? stored : { ...stored, ...draft };
    const set = (changed: Partial<RuleParts>) => setDraft({ ...draft, ...changed });
    const save = useMutation({
        mutationFn: (sent: RuleParts) => change<GroupRule>(rule ? 'PUT' : 'POST', rule ? `${RULES}/${rule.id}` : RULES, bodyOf(sent)),
        onSuccess: (saved, sent) => {
            toasts.done(rule ? `${saved.name} is changed` : `${saved.name} is added; activate it when it is right`);
            // What was typed meanwhile stays.
            setDraft((typed) => Object.fromEntries(Object.entries(typed).filter(([part, value]) => value !== sent[part as keyof RuleParts])));
            if (!rule) navigate(`/group-rules/${saved.id}`);
        },
    });
    const complete = parts.name.trim() !== '' && parts.expression.trim() !== '' && parts.targets.length > 0;
    const unchanged = rule !== undefined && Object.keys(draft).length === 0;
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                save.mutate(parts);
            }}
        >
            <ErrorAlert error={save.error} title="The rule was not saved" fields={['name', EXPRESSION, USERS, GROUPS, TARGETS]} />
            <FormGroup label="Rule name" fieldId="rule-name" isRequired>
                <TextInput
                    id="rule-name"
                    value={parts.name}
                    isRequired
                    isDisabled={isDisabled}
                    onChange={(_event, name) => set({ name })}
                    validated={isWrong(save.error, 'name') ? 'error' : 'default'}
                />
                <FieldHelp error={save.error} field="name" />
            </FormGroup>
            <ExpressionEditor
                id="rule-expression"
                label="Whoever"
                value={parts.expression}
                onChange={(expression) => set({ expression })}
                checkedBy={{ path: `${RULES}/check` }}
                error={save.error}
                field={EXPRESSION}
                help={'Such as user.department == "Sales" AND user.countryCode == "DE"'}
                isRequired
                isDisabled={isDisabled}
            />
            <ChooseMany<Group, Chosen>
                id="rule-targets"
                label="Is put into"
                path="/api/v1/groups"
                query={groupQuery}
                choiceOf={groupChoice}
                none="No group has this in its name."
                chosen={parts.targets}
                onChange={(targets) => set({ targets })}
                max={RULE_GROUPS_MAX}
                isRequired
                isDisabled={isDisabled || rule !== undefined}
                error={save.error}
                field={TARGETS}
                help={rule ? 'The groups of a rule stay what they are; make another rule for others.' : 'They cannot be changed later.'}
            />
            <ChooseMany<User, Chosen>
                id="rule-users"
                label="Except these people"
                path="/api/v1/users"
                query={personQuery}
                choiceOf={personChoice}
                none="Nobody has this in a name, user name or e-mail address."
                chosen={parts.users}
                onChange={(users) => set({ users })}
                max={RULE_EXCLUDED_MAX}
                isDisabled={isDisabled}
                error={save.error}
                field={USERS}
            />
            <ChooseMany<Group, Chosen>
                id="rule-groups"
                label="Except members of these groups"
                path="/api/v1/groups"
                query={groupQuery}
                choiceOf={groupChoice}
                none="No group has this in its name."
                chosen={parts.groups}
                onChange={(groups) => set({ groups })}
                max={RULE_GROUPS_MAX}
                isDisabled={isDisabled}
                error={save.error}
                field={GROUPS}
            />
            {!isDisabled && (
                <ActionGroup>
                    <ActButton type="submit" isDisabled={!complete || unchanged} pending={save.isPending}>
                        {rule ? 'Save' : 'Add rule'}
                    </ActButton>
                    {rule && !unchanged && (
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
            )}
            <section>
                <Title headingLevel="h2" size="md">
                    Who matches
                </Title>
                <RulePreview body={parts.expression.trim() ? { conditions: bodyOf(parts).conditions } : null} />
            </section>
        </Form>
    );
}
