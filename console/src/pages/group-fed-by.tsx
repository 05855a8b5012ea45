// SPDX-License-Identifier: Apache-2.0
// The rules that put people into a group.
import { Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { RULES, type GroupRule } from '../api/rules';
import type { Group } from '../api/types';
import { useMay } from '../app/session';
import { LinkButton } from '../ui/link-button';
import { ListBody, useList } from '../ui/list';
import { Nothing } from '../ui/states';
import { RuleTable } from './rule-table';

export default function GroupFedBy({ group }: { group: Group }) {
    const mayCreate = useMay('OPERATOR');
    const state = useList<GroupRule>(RULES, { groupId: group.id, expand: 'groupIdToGroupNameMap' });
    return (
        <>
            {mayCreate && (
                <Toolbar>
                    <ToolbarContent>
                        <ToolbarItem>
                            <LinkButton to={`/group-rules/new?group=${group.id}`} variant="secondary">
                                Add rule
                            </LinkButton>
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
            )}
            <ListBody
                state={state}
                what="rules"
                empty={<Nothing title="No rule puts people into this group">Its members are added by hand or by imports.</Nothing>}
            >
                {(rules) => <RuleTable rules={rules} />}
            </ListBody>
        </>
    );
}
