// SPDX-License-Identifier: Apache-2.0
// How much may be taken away from an app in a time, for apps that have no limits of their own.
import { Checkbox, FormFieldGroup, FormFieldGroupHeader, Grid, GridItem } from '@patternfly/react-core';
import { useState } from 'react';
import type { DeletionLimits, Limit, Rule } from '../api/settings';
import { FieldHelp } from '../ui/errors';
import { NumberField, SettingCard, typed } from './limits-form';

const RULES: [Rule, string, string][] = [
    ['deactivations', 'Accounts deactivated', 'of the active accounts of an app'],
    ['groupDeletions', 'Groups deleted', 'of the groups that are pushed to an app'],
    ['removalsPerGroup', 'Members removed from one group', 'of its members'],
    ['removals', 'Members removed from all groups of an app', 'of all its members'],
];

interface Shown {
    off: boolean;
    percent: string;
    number: string;
}

function shown(limit: Limit): Shown {
    return { off: limit.off === true, percent: String(limit.percent ?? ''), number: String(limit.number ?? '') };
}

export function DeletionLimitsForm({ stored, path }: { stored: DeletionLimits; path: string }) {
    const [hours, setHours] = useState(String(stored.windowHours));
    const [limits, setLimits] = useState(() => Object.fromEntries(RULES.map(([rule]) => [rule, shown(stored[rule])])) as Record<Rule, Shown>);
    const set = (rule: Rule, part: Partial<Shown>) => setLimits({ ...limits, [rule]: { ...limits[rule], ...part } });
    const differs = (rule: Rule) => JSON.stringify(limits[rule]) !== JSON.stringify(shown(stored[rule]));
    // Only what was changed: the rest stays what it is by default.
    const body = () => ({
        ...(hours !== String(stored.windowHours) ? { windowHours: typed(hours) } : {}),
        ...Object.fromEntries(
            RULES.filter(([rule]) => differs(rule)).map(([rule]) => {
                const { off, percent, number } = limits[rule];
                return [rule, off ? { off } : { percent: typed(percent), number: typed(number) }];
            }),
        ),
    });
    return (
        <SettingCard
            title="Deletion limits"
            text="What would take more than this away from an app within the window is held until an administrator decides. They hold for every app that has no limits of its own."
            path={path}
            body={body}
            changed={hours !== String(stored.windowHours) || RULES.some(([rule]) => differs(rule))}
            fields={['windowHours', ...RULES.map(([rule]) => rule)]}
        >
            {(error, readOnly) => (
                <>
                    <NumberField id="window" label="Window, in hours" value={hours} set={setHours} readOnly={readOnly} error={error} field="windowHours" />
                    {RULES.map(([rule, title, of]) => {
                        const { off, percent, number } = limits[rule];
                        return (
                            <FormFieldGroup key={rule} header={<FormFieldGroupHeader titleText={{ text: title, id: `limit-${rule}` }} />}>
                                <Checkbox
                                    id={`${rule}-off`}
                                    label={`No limit: ${title.toLowerCase()}`}
                                    isDisabled={readOnly}
                                    isChecked={off}
                                    onChange={(_event, checked) => set(rule, { off: checked })}
                                />
                                {!off && (
                                    <Grid hasGutter>
                                        <GridItem sm={6}>
                                            <NumberField
                                                id={`${rule}-percent`}
                                                label={`Per cent ${of}`}
                                                value={percent}
                                                set={(text) => set(rule, { percent: text })}
                                                readOnly={readOnly}
                                            />
                                        </GridItem>
                                        <GridItem sm={6}>
                                            <NumberField
                                                id={`${rule}-number`}
                                                label={`Always allowed: ${title.toLowerCase()}`}
                                                value={number}
                                                set={(text) => set(rule, { number: text })}
                                                readOnly={readOnly}
                                            />
                                        </GridItem>
                                    </Grid>
                                )}
                                <FieldHelp error={error} field={rule} />
                            </FormFieldGroup>
                        );
                    })}
                </>
            )}
        </SettingCard>
    );
}
