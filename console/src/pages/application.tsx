// SPDX-License-Identifier: Apache-2.0
// One application: what is true of it on all its tabs, and the tabs.
import { Alert, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Link, Navigate, Route, Routes, useLocation, useParams } from 'react-router-dom';
import { get, getOrNull } from '../api/client';
import type { App, Sync } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { PageHead } from '../ui/page';
import { Loading, Nothing } from '../ui/states';
import { AppStatus } from '../ui/status';
import { Tabs } from '../ui/tabs';
import { Time } from '../ui/time';

const General = lazy(() => import('./app-general'));
const Provisioning = lazy(() => import('./app-provisioning'));
const Import = lazy(() => import('./app-import'));
const Assignments = lazy(() => import('./assignments'));
const PushMapping = lazy(() => import('./mapping'));
const PushGroups = lazy(() => import('./push-groups'));
const Drift = lazy(() => import('./app-drift'));
const Activity = lazy(() => import('./app-activity'));

const TABS: [string, string][] = [
    ['general', 'General'],
    ['provisioning', 'Provisioning'],
    ['import', 'Import'],
    ['assignments', 'Assignments'],
    ['push-groups', 'Push Groups'],
    ['drift', 'Drift'],
    ['activity', 'Activity'],
];

// Nothing gets through to the app: the one thing to know on every tab.
function Quarantine({ app }: { app: App }) {
    const path = `/api/v1/apps/${app.id}/sync`;
    const { data } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Sync>(path, {}, signal) });
    const quarantine = data?.quarantine;
    if (!quarantine) return null;
    return (
        <Alert variant="danger" component="p" isInline title={`Nothing gets through to ${app.label}`}>
            <p className="muster-break">
                {quarantine.cause} {quarantine.error}
            </p>
            <p>
                Since <Time iso={quarantine.since} />; tried again <Time iso={quarantine.nextTry} />. {quarantine.action}
            </p>
        </Alert>
    );
}

export default function Application() {
    const { appId = '' } = useParams();
    const { pathname } = useLocation();
    const path = `/api/v1/apps/${encodeURIComponent(appId)}`;
    const { data: app, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => getOrNull<App>(path, {}, signal) });
    if (app === null)
        return (
            <Nothing level="h1" title="This application is not there" action={<Link to="/applications">Applications</Link>}>
                It may have been deleted.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The application cannot be shown" retry={() => void refetch()} />;
    if (!app) return <Loading what="the application" />;
    const base = `/applications/${app.id}`;
    return (
        <>
            <PageHead
                title={app.label}
                part={TABS.find(([tab]) => pathname.startsWith(`${base}/${tab}`))?.[1]}
                crumbs={[{ text: 'Applications', to: '/applications' }]}
                badge={<AppStatus app={app} />}
            />
            <Tabs base={base} tabs={TABS} label={`Parts of ${app.label}`} />
            <PageSection isFilled>
                <Quarantine app={app} />
                <Suspense fallback={<Loading what="the page" />}>
                    <Routes>
                        <Route index element={<Navigate to={`${base}/general`} replace />} />
                        <Route path="general" element={<General app={app} />} />
                        <Route path="provisioning" element={<Provisioning app={app} />} />
                        <Route path="import" element={<Import app={app} />} />
                        <Route path="assignments" element={<Assignments app={app} />} />
                        <Route path="push-groups" element={<PushGroups app={app} />} />
                        <Route path="drift" element={<Drift app={app} />} />
                        <Route path="activity" element={<Activity app={app} />} />
                        <Route path="push-groups/:mappingId" element={<PushMapping app={app} />} />
                        <Route path="*" element={<Nothing title="There is no such page" />} />
                    </Routes>
                </Suspense>
            </PageSection>
        </>
    );
}
