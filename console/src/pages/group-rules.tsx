// SPDX-License-Identifier: Apache-2.0
import { PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useSearchParams } from 'react-router-dom';
import { RULES, type GroupRule } from '../api/rules';
import { useMay } from '../app/session';
import { LinkButton } from '../ui/link-button';
import { ListBody, Search, useList } from '../ui/list';
import { PageHead } from '../ui/page';
import { Nothing } from '../ui/states';
import { RuleTable } from './rule-table';

export default function GroupRules() {
    const [params] = useSearchParams();
    const mayCreate = useMay('OPERATOR');
    const q = params.get('q') ?? undefined;
    const state = useList<GroupRule>(RULES, { search: q, expand: 'groupIdToGroupNameMap' });
    const create = mayCreate && <LinkButton to="/group-rules/new">Add rule</LinkButton>;
    return (
        <>
            <PageHead title="Group Rules" actions={create} text="A rule puts people into groups by what their profiles say, and takes them out again when that is so no longer." />
            <PageSection isFilled>
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <ToolbarItem>
                            <Search label="Search rules" placeholder="A part of the name" />
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
                <ListBody
                    state={state}
                    what="rules"
                    empty={
                        state.narrowed ? (
                            <Nothing title="No rule matches">Search by a part of its name.</Nothing>
                        ) : (
                            <Nothing title="There are no group rules yet" action={create}>
                                Whoever has a department, a city or whatever else you choose is put into a group, now and later.
                            </Nothing>
                        )
                    }
                >
                    {(rules) => <RuleTable rules={rules} />}
                </ListBody>
            </PageSection>
        </>
    );
}
