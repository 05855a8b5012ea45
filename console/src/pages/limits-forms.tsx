// SPDX-License-Identifier: Apache-2.0
// The import safeguard, how long the record is kept, and the policy about one group for assignment and push.
import { Checkbox, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useState } from 'react';
import type { ImportSafeguard, RecordKeep, SameGroupPolicy } from '../api/settings';
import { FieldHelp } from '../ui/errors';
import { NumberField, SettingCard, typed } from './limits-form';

const GUARDS: [keyof ImportSafeguard, string, string][] = [
    ['app', 'Hold an import that would take an app from many who have it', 'Per cent of those who have the app'],
    ['organization', 'Hold an import that would end many of all assignments', 'Per cent of all assignments'],
];

export function SafeguardForm({ stored, path }: { stored: ImportSafeguard; path: string }) {
    const [guards, setGuards] = useState({
        app: { on: stored.app.status === 'ENABLED', percent: String(stored.app.percent) },
        organization: { on: stored.organization.status === 'ENABLED', percent: String(stored.organization.percent) },
    });
    const set = (part: keyof ImportSafeguard, value: Partial<{ on: boolean; percent: string }>) =>
        setGuards({ ...guards, [part]: { ...guards[part], ...value } });
    const asStored = (part: keyof ImportSafeguard) => guards[part].on === (stored[part].status === 'ENABLED') && guards[part].percent === String(stored[part].percent);
    return (
        <SettingCard
            title="Import safeguard"
            text="An import that finds more than this gone from an app is held until an administrator lets it pass."
            path={path}
            body={() =>
                Object.fromEntries(GUARDS.map(([part]) => [part, { status: guards[part].on ? 'ENABLED' : 'DISABLED', percent: typed(guards[part].percent) }]))
            }
            changed={GUARDS.some(([part]) => !asStored(part))}
            fields={GUARDS.flatMap(([part]) => [part, `${part}.percent`])}
        >
            {(error, readOnly) =>
                GUARDS.map(([part, label, unit]) => (
                    <FormGroup key={part} role="group" fieldId={`guard-${part}`}>
                        <Checkbox id={`guard-${part}`} label={label} isDisabled={readOnly} isChecked={guards[part].on} onChange={(_event, on) => set(part, { on })} />
                        {guards[part].on && (
                            <NumberField
                                id={`guard-${part}-percent`}
                                label={unit}
                                value={guards[part].percent}
                                set={(percent) => set(part, { percent })}
                                readOnly={readOnly}
                                error={error}
                                field={`${part}.percent`}
                            />
                        )}
                        <FieldHelp error={error} field={part} />
                    </FormGroup>
                ))
            }
        </SettingCard>
    );
}

export function RecordForm({ stored, path }: { stored: RecordKeep; path: string }) {
    const [log, setLog] = useState(String(stored.logDays));
    const [attempts, setAttempts] = useState(String(stored.attemptDays));
    return (
        <SettingCard
            title="How long the record is kept"
            text="What is older is deleted for good. Event hooks are not told of events that are gone."
            path={path}
            body={() => ({ logDays: typed(log), attemptDays: typed(attempts) })}
            changed={log !== String(stored.logDays) || attempts !== String(stored.attemptDays)}
            fields={['logDays', 'attemptDays']}
        >
            {(error, readOnly) => (
                <>
                    <NumberField id="log-days" label="System log, in days" value={log} set={setLog} readOnly={readOnly} error={error} field="logDays" />
                    <NumberField
                        id="attempt-days"
                        label="Requests to apps and their answers, in days"
                        value={attempts}
                        set={setAttempts}
                        readOnly={readOnly}
                        error={error}
                        field="attemptDays"
                    />
                </>
            )}
        </SettingCard>
    );
}

export function SameGroupForm({ stored, path }: { stored: SameGroupPolicy; path: string }) {
    const [policy, setPolicy] = useState(stored.policy);
    return (
        <SettingCard
            title="One group for assignment and push"
            text={stored.meaning}
            path={path}
            body={() => ({ policy })}
            changed={policy !== stored.policy}
            fields={['policy']}
        >
            {(error, readOnly) => (
                <FormGroup label="When a group that gives an app is pushed to it too" fieldId="same-group">
                    <FormSelect id="same-group" value={policy} isDisabled={readOnly} onChange={(_event, value) => setPolicy(value as SameGroupPolicy['policy'])}>
                        <FormSelectOption value="ALLOW" label="allow it" />
                        <FormSelectOption value="WARN" label="allow it, and warn" />
                        <FormSelectOption value="REFUSE" label="refuse it" />
                    </FormSelect>
                    <FieldHelp error={error} field="policy" />
                </FormGroup>
            )}
        </SettingCard>
    );
}
