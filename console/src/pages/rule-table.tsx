// SPDX-License-Identifier: Apache-2.0
import { Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from 'react-router-dom';
import type { GroupRule, RuleStatus } from '../api/rules';

const STATUSES: Record<RuleStatus, [string, 'green' | 'grey' | 'red']> = {
    ACTIVE: ['Active', 'green'],
    INACTIVE: ['Inactive', 'grey'],
    INVALID: ['Invalid', 'red'],
};

export function RuleState({ rule }: { rule: GroupRule }) {
    const [text, color] = STATUSES[rule.status];
    return (
        <>
            <Label color={color}>{text}</Label>
            {!rule.evaluated && (
                <div className="muster-subtle" role="status">
                    Looking at everybody…
                </div>
            )}
        </>
    );
}

// Of a group that is gone only the id is left.
export function targetsOf(rule: GroupRule): { id: string; text: string }[] {
    const names = rule._embedded?.groupIdToGroupNameMap ?? {};
    return rule.actions.assignUserToGroups.groupIds.map((id) => ({ id, text: names[id] ?? id }));
}

export function RuleTable({ rules }: { rules: GroupRule[] }) {
    return (
        <Table aria-label="Group rules" variant="compact">
            <Thead>
                <Tr>
                    <Th width={20}>Rule</Th>
                    <Th width={40}>Whoever</Th>
                    <Th width={25}>Is put into</Th>
                    <Th>Status</Th>
                </Tr>
            </Thead>
            <Tbody>
                {rules.map((rule) => (
                    <Tr key={rule.id}>
                        <Td dataLabel="Rule" className="muster-name">
                            <Link to={`/group-rules/${rule.id}`}>{rule.name}</Link>
                        </Td>
                        <Td dataLabel="Whoever" className="muster-name">
                            <code>{rule.conditions.expression.value}</code>
                        </Td>
                        <Td dataLabel="Is put into" className="muster-name">
                            {targetsOf(rule).map(({ id, text }, i) => (
                                <span key={id}>
                                    {i > 0 && ', '}
                                    <Link to={`/groups/${id}`}>{text}</Link>
                                </span>
                            ))}
                        </Td>
                        <Td dataLabel="Status">
                            <RuleState rule={rule} />
                        </Td>
                    </Tr>
                ))}
            </Tbody>
        </Table>
    );
}
