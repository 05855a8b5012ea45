// SPDX-License-Identifier: Apache-2.0
// What can be done with a rule as a whole.
import { Button, Flex, Radio } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import { RULES, type GroupRule } from '../api/rules';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { Menu } from '../ui/menu';
import { Plan } from '../ui/plan';
import { useToasts } from '../ui/toasts';

function DeleteRule({ rule, path, close }: { rule: GroupRule; path: string; close: () => void }) {
    const toasts = useToasts();
    const navigate = useNavigate();
    const [remove, setRemove] = useState(false);
    const where = `${path}?removeUsers=${remove}`;
    return (
        <Confirm
            title={`Delete the rule ${rule.name}?`}
            action="Delete"
            close={close}
            run={async () => {
                await change('DELETE', where);
                toasts.done(`${rule.name} is deleted`);
                navigate('/group-rules');
            }}
        >
            <Radio
                id="rule-keep"
                name="rule-fate"
                label="Whom it put into groups stays there"
                description="As if they had been added by hand."
                isChecked={!remove}
                onChange={() => setRemove(false)}
            />
            <Radio
                id="rule-remove"
                name="rule-fate"
                label="Whom only this rule put into groups is removed"
                description="Who was added by hand or by another rule too stays."
                isChecked={remove}
                onChange={() => setRemove(true)}
            />
            <Plan act={{ method: 'DELETE', path: where }} />
        </Confirm>
    );
}

export function RuleActions({ rule }: { rule: GroupRule }) {
    const toasts = useToasts();
    const mayChange = useMay('OPERATOR');
    const [dialog, setDialog] = useState<'activate' | 'delete' | null>(null);
    const path = `${RULES}/${rule.id}`;
    const deactivate = useMutation({
        mutationFn: () => change('POST', `${path}/lifecycle/deactivate`),
        onSuccess: () => toasts.done(`${rule.name} is inactive`),
        onError: (error) => toasts.failed(`${rule.name} was not deactivated`, error),
    });
    if (!mayChange) return null;
    return (
        <Flex>
            {rule.status === 'ACTIVE' && (
                <ActButton variant="secondary" pending={deactivate.isPending} onClick={() => deactivate.mutate()}>
                    Deactivate
                </ActButton>
            )}
            {rule.status === 'INACTIVE' && <Button onClick={() => setDialog('activate')}>Activate</Button>}
            <Menu label={`Actions on ${rule.name}`} entries={[{ text: 'Delete', danger: true, run: () => setDialog('delete') }]} />
            {dialog === 'delete' && <DeleteRule rule={rule} path={path} close={() => setDialog(null)} />}
            {dialog === 'activate' && (
                <Confirm
                    title={`Activate ${rule.name}?`}
                    action="Activate"
                    danger={false}
                    close={() => setDialog(null)}
                    run={async () => {
                        await change('POST', `${path}/lifecycle/activate`);
                        toasts.done(`${rule.name} is active; everybody is looked at`);
                    }}
                >
                    <p>
                        Everybody is looked at. Whoever matches is put into the groups of the rule, and whom it put there before and matches no
                        longer is taken out.
                    </p>
                    <Plan act={{ method: 'POST', path: `${path}/lifecycle/activate` }} />
                </Confirm>
            )}
        </Flex>
    );
}
