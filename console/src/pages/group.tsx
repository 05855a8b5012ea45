// SPDX-License-Identifier: Apache-2.0
// One group: what it is, what can be done with it as a whole, and the parts.
import { PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link, Navigate, Route, Routes, useParams } from 'react-router-dom';
import { getOrNull } from '../api/client';
import type { Group } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { GroupType } from '../ui/groups';
import { PageHead } from '../ui/page';
import { Loading, Nothing } from '../ui/states';
import { Tabs } from '../ui/tabs';
import { GroupActions } from './group-actions';

const Members = lazy(() => import('./group-members'));
const Rules = lazy(() => import('./group-fed-by'));
const Apps = lazy(() => import('./group-apps'));
const GroupHistory = lazy(() => import('./group-history'));

export default function GroupPage() {
    const { groupId = '' } = useParams();
    const path = `/api/v1/groups/${encodeURIComponent(groupId)}`;
    const {
        data: group,
        error,
        refetch,
    } = useQuery({ queryKey: [path], queryFn: ({ signal }) => getOrNull<Group>(path, { expand: 'stats,app' }, signal) });
    if (group === null)
        return (
            <Nothing level="h1" title="This group is not there" action={<Link to="/groups">Groups</Link>}>
                It may have been deleted.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The group cannot be shown" retry={() => void refetch()} />;
    if (!group) return <Loading what="the group" />;
    const base = `/groups/${group.id}`;
    const tabs: [string, string][] = [
        ['members', `Members (${(group._embedded?.stats?.usersCount ?? 0).toLocaleString()})`],
        ...(group.type === 'OKTA_GROUP' ? ([['rules', 'Rules']] as [string, string][]) : []),
        ['applications', 'Applications'],
        ['history', 'History'],
    ];
    const app = group._embedded?.app;
    return (
        <>
            <PageHead
                title={group.profile.name}
                crumbs={[{ text: 'Groups', to: '/groups' }]}
                text={group.profile.description ?? (app && `A group of ${app.label}, as that app has it`)}
                badge={<GroupType type={group.type} />}
                actions={group.type === 'OKTA_GROUP' && <GroupActions group={group} />}
            />
            <Tabs base={base} tabs={tabs} label={`Parts of ${group.profile.name}`} />
            <PageSection isFilled>
                <Suspense fallback={<Loading what="the page" />}>
                    <Routes>
                        <Route index element={<Navigate to={`${base}/members`} replace />} />
                        <Route path="members" element={<Members group={group} />} />
                        <Route path="rules" element={<Rules group={group} />} />
                        <Route path="applications" element={<Apps group={group} />} />
                        <Route path="history" element={<GroupHistory group={group} />} />
                        <Route path="*" element={<Nothing title="There is no such page" />} />
                    </Routes>
                </Suspense>
            </PageSection>
        </>
    );
}
