// SPDX-License-Identifier: Apache-2.0
// One person: who it is, what can be done with the person as a whole, and the parts.
import { Alert, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link, Navigate, Route, Routes, useParams } from 'react-router-dom';
import { getOrNull } from '../api/client';
import type { User } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { PageHead } from '../ui/page';
import { PersonStatus, personName } from '../ui/people';
import { Loading, Nothing } from '../ui/states';
import { Tabs } from '../ui/tabs';
import { PersonActions } from './person-actions';

const Profile = lazy(() => import('./person-profile'));
const PersonGroups = lazy(() => import('./person-groups'));
const PersonApps = lazy(() => import('./person-apps'));
const PersonHistory = lazy(() => import('./person-history'));

const TABS: [string, string][] = [
    ['profile', 'Profile'],
    ['groups', 'Groups'],
    ['applications', 'Applications'],
    ['history', 'History'],
];
const MEANS: Partial<Record<User['status'], string>> = {
    STAGED: 'Not activated yet: no accounts are made in apps.',
    SUSPENDED: 'What the apps have stays as it is, and nothing is sent to them until the person is unsuspended.',
    DEPROVISIONED: 'The accounts in apps are deactivated. Groups are kept: who comes back has what they give again.',
};

export default function Person() {
    const { userId = '' } = useParams();
    const path = `/api/v1/users/${encodeURIComponent(userId)}`;
    const { data: person, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => getOrNull<User>(path, {}, signal) });
    if (person === null)
        return (
            <Nothing level="h1" title="This person is not there" action={<Link to="/people">People</Link>}>
                The person may have been deleted.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The person cannot be shown" retry={() => void refetch()} />;
    if (!person) return <Loading what="the person" />;
    const base = `/people/${person.id}`;
    const name = personName(person.profile);
    const means = MEANS[person.status];
    return (
        <>
            <PageHead
                title={name}
                crumbs={[{ text: 'People', to: '/people' }]}
                text={person.profile.login}
                badge={<PersonStatus status={person.status} />}
                actions={<PersonActions person={person} />}
            />
            <Tabs base={base} tabs={TABS} label={`Parts of ${name}`} />
            <PageSection isFilled>
                {means && <Alert variant="info" isInline isPlain component="p" className="muster-above" title={means} />}
                <Suspense fallback={<Loading what="the page" />}>
                    <Routes>
                        <Route index element={<Navigate to={`${base}/profile`} replace />} />
                        <Route path="profile" element={<Profile key={person.id} person={person} />} />
                        <Route path="groups" element={<PersonGroups person={person} />} />
                        <Route path="applications" element={<PersonApps person={person} />} />
                        <Route path="history" element={<PersonHistory person={person} />} />
                        <Route path="*" element={<Nothing title="There is no such page" />} />
                    </Routes>
                </Suspense>
            </PageSection>
        </>
    );
}
