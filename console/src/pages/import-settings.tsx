// SPDX-License-Identifier: Apache-2.0
// When an app is imported, how its users are matched with people, and who is confirmed without asking.
import { ActionGroup, Button, Card, CardBody, Checkbox, Form, FormGroup, FormSection, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { InboundFeature } from '../api/imports';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp, isWrong } from '../ui/errors';
import { Loading } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';

const SCHEDULES: [string, string][] = [
    ['', 'Never: only when somebody asks'],
    ['0 * * * *', 'Every hour'],
    ['0 */4 * * *', 'Every 4 hours'],
    ['0 3 * * *', 'Every day at 3:00'],
    ['0 3 * * 0', 'Every Sunday at 3:00'],
];
const OWN = 'own';
const FIELDS = ['fullImport.expression', 'timezone', 'userNameExpression', 'exactMatchAttribute', 'exactMatchAppAttribute'];

type Rules = InboundFeature['capabilities']['importRules']['userCreateAndMatch'];
type Criterion = Rules['exactMatchCriteria'];

interface Values {
    expression: string; // empty: no schedule
    timezone: string;
    custom: boolean;
    userNameExpression: string;
    importGroups: boolean;
    rules: Rules;
}

function valuesOf({ capabilities }: InboundFeature): Values {
    const { importSettings, importRules } = capabilities;
    const on = importSettings.schedule.status === 'ENABLED';
    return {
        expression: on ? (importSettings.schedule.fullImport?.expression ?? '') : '',
        timezone: importSettings.schedule.fullImport?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
        custom: importSettings.username.usernameFormat === 'CUSTOM',
        userNameExpression: importSettings.username.userNameExpression ?? 'appuser.userName',
        importGroups: importSettings.importGroups,
        rules: importRules.userCreateAndMatch,
    };
}

// The attributes go with the criterion that needs them.
function rulesOf({ exactMatchAttribute, exactMatchAppAttribute, ...rules }: Rules): Rules {
    if (rules.exactMatchCriteria !== 'CUSTOM') return rules;
    return { ...rules, exactMatchAttribute: exactMatchAttribute ?? '', ...(exactMatchAppAttribute ? { exactMatchAppAttribute } : {}) };
}

function bodyOf(values: Values) {
    const { expression, timezone } = values;
    return {
        importSettings: {
            username: values.custom
                ? { usernameFormat: 'CUSTOM', userNameExpression: values.userNameExpression }
                : { usernameFormat: 'EMAIL' },
            schedule: expression ? { status: 'ENABLED', fullImport: { expression, timezone } } : { status: 'DISABLED' },
            importGroups: values.importGroups,
        },
        importRules: { userCreateAndMatch: rulesOf(values.rules) },
    };
}

interface Part {
    values: Values;
    set: (part: Partial<Values>) => void;
    error: unknown;
    mayChange: boolean;
}

function Schedule({ values, set, error, mayChange, next }: Part & { next?: string | undefined }) {
    const known = SCHEDULES.some(([value]) => value === values.expression);
    const [own, setOwn] = useState(!known);
    return (
        <FormSection title="Schedule" titleElement="h2">
            <FormGroup label="Import" fieldId="schedule">
                <FormSelect
                    id="schedule"
                    isDisabled={!mayChange}
                    value={own ? OWN : values.expression}
                    onChange={(_event, value) => {
                        setOwn(value === OWN);
                        if (value !== OWN) set({ expression: value });
                    }}
                >
                    {SCHEDULES.map(([value, text]) => (
                        <FormSelectOption key={value} value={value} label={text} />
                    ))}
                    <FormSelectOption value={OWN} label="By an expression of cron" />
                </FormSelect>
                {next && (
                    <p className="muster-subtle">
                        Next import: <Time iso={next} />
                    </p>
                )}
            </FormGroup>
            {own && (
                <FormGroup label="Expression" fieldId="expression" isRequired>
                    <TextInput
                        id="expression"
                        readOnlyVariant={mayChange ? undefined : 'default'}
                        value={values.expression}
                        onChange={(_event, value) => set({ expression: value })}
                        validated={isWrong(error, 'fullImport.expression') ? 'error' : 'default'}
                    />
                    <FieldHelp error={error} field="fullImport.expression">
                        Minute, hour, day of the month, month, day of the week, as in 0 3 * * 1-5.
                    </FieldHelp>
                </FormGroup>
            )}
            {(own || values.expression) && (
                <FormGroup label="Time zone" fieldId="timezone">
                    <TextInput
                        id="timezone"
                        readOnlyVariant={mayChange ? undefined : 'default'}
                        value={values.timezone}
                        onChange={(_event, value) => set({ timezone: value })}
                        validated={isWrong(error, 'timezone') ? 'error' : 'default'}
                    />
                    <FieldHelp error={error} field="timezone">
                        A name such as Europe/Vienna or UTC.
                    </FieldHelp>
                </FormGroup>
            )}
        </FormSection>
    );
}

function Matching({ values, set, error, mayChange }: Part) {
    const { rules } = values;
    const rule = (part: Partial<Values['rules']>) => set({ rules: { ...rules, ...part } });
    const box = (id: keyof Values['rules'], label: string, isDisabled = false) => (
        <Checkbox
            id={id}
            label={label}
            isDisabled={!mayChange || isDisabled}
            isChecked={rules[id] === true}
            onChange={(_event, on) => rule({ [id]: on })}
        />
    );
    const attribute = (id: 'exactMatchAttribute' | 'exactMatchAppAttribute', label: string, help: string) => (
        <FormGroup label={label} fieldId={id}>
            <TextInput
                id={id}
                readOnlyVariant={mayChange ? undefined : 'default'}
                value={rules[id] ?? ''}
                onChange={(_event, value) => rule({ [id]: value })}
                validated={isWrong(error, id) ? 'error' : 'default'}
            />
            <FieldHelp error={error} field={id}>
                {help}
            </FieldHelp>
        </FormGroup>
    );
    return (
        <FormSection title="Matching" titleElement="h2">
            <FormGroup label="A user of the app is exactly a person who has the same" fieldId="criterion">
                <FormSelect
                    id="criterion"
                    isDisabled={!mayChange}
                    value={rules.exactMatchCriteria}
                    onChange={(_event, value) => rule({ exactMatchCriteria: value as Criterion })}
                >
                    <FormSelectOption value="USERNAME" label="user name" />
                    <FormSelectOption value="EMAIL" label="e-mail address" />
                    <FormSelectOption value="CUSTOM" label="another attribute" />
                </FormSelect>
            </FormGroup>
            {rules.exactMatchCriteria === 'CUSTOM' && (
                <>
                    {attribute('exactMatchAttribute', 'Attribute of the person', 'Such as employeeNumber.')}
                    {attribute('exactMatchAppAttribute', "Attribute of the app's user", 'Empty: the same one. Or userName.')}
                </>
            )}
            <FormGroup label="User name of new people" fieldId="login">
                <FormSelect
                    id="login"
                    isDisabled={!mayChange}
                    value={values.custom ? 'CUSTOM' : 'EMAIL'}
                    onChange={(_event, value) => set({ custom: value === 'CUSTOM' })}
                >
                    <FormSelectOption value="EMAIL" label="their e-mail address" />
                    <FormSelectOption value="CUSTOM" label="an attribute of the app's user" />
                </FormSelect>
            </FormGroup>
            {values.custom && (
                <FormGroup label="Attribute" fieldId="login-expression" isRequired>
                    <TextInput
                        id="login-expression"
                        readOnlyVariant={mayChange ? undefined : 'default'}
                        value={values.userNameExpression}
                        onChange={(_event, value) => set({ userNameExpression: value })}
                        validated={isWrong(error, 'userNameExpression') ? 'error' : 'default'}
                    />
                    <FieldHelp error={error} field="userNameExpression">
                        Such as appuser.userName.
                    </FieldHelp>
                </FormGroup>
            )}
            {box('allowPartialMatch', 'Also suggest people who have the same first and last name (a partial match)')}
            <Checkbox
                id="importGroups"
                label="Import groups and memberships too"
                isDisabled={!mayChange}
                isChecked={values.importGroups}
                onChange={(_event, on) => set({ importGroups: on })}
            />
            <FormGroup role="group" label="Confirm without asking" fieldId="confirm">
                {box('autoConfirmExactMatch', 'exact matches')}
                {box('autoConfirmPartialMatch', 'partial matches', !rules.allowPartialMatch)}
                {box('autoConfirmNewUsers', 'users who match nobody: a person is made of each')}
                {box('autoActivateNewUsers', 'and activate the people who are made')}
            </FormGroup>
        </FormSection>
    );
}

function SettingsForm({ app, feature }: { app: App; feature: InboundFeature }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const [values, setValues] = useState(() => valuesOf(feature));
    const save = useMutation({
        mutationFn: () => change('PUT', `/api/v1/apps/${app.id}/features/INBOUND_PROVISIONING`, bodyOf(values)),
        onSuccess: () => toasts.done('The settings are saved; the next import goes by them'),
    });
    const set = (part: Partial<Values>) => {
        save.reset();
        setValues((before) => {
            const next = { ...before, ...part };
            return next.rules.allowPartialMatch ? next : { ...next, rules: { ...next.rules, autoConfirmPartialMatch: false } };
        });
    };
    const part = { values, set, error: save.error, mayChange };
    return (
        <Form
            className="muster-form"
            onSubmit={(event) => {
                event.preventDefault();
                save.mutate();
            }}
        >
            <ErrorAlert error={save.error} title="The settings were not saved" fields={FIELDS} />
            <Schedule {...part} next={feature.capabilities.importSettings.schedule.nextImport} />
            <Matching {...part} />
            {mayChange && (
                <ActionGroup>
                    <ActButton type="submit" pending={save.isPending}>
                        Save
                    </ActButton>
                    <Button variant="link" onClick={() => setValues(valuesOf(feature))}>
                        Cancel
                    </Button>
                </ActionGroup>
            )}
        </Form>
    );
}

export function ImportSettings({ app }: { app: App }) {
    const path = `/api/v1/apps/${app.id}/features/INBOUND_PROVISIONING`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<InboundFeature>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="The settings cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the settings" />;
    return (
        <Card>
            <CardBody>
                <SettingsForm app={app} feature={data} />
            </CardBody>
        </Card>
    );
}
