// SPDX-License-Identifier: Apache-2.0
// What is set for the organisation as a whole, in tabs. Tokens and administrators are for administrators alone.
import { PageSection } from '@patternfly/react-core';
import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { useMay } from '../app/session';
import { PageHead } from '../ui/page';
import { Loading, Nothing } from '../ui/states';
import { Tabs } from '../ui/tabs';
import './settings.css';

const Tokens = lazy(() => import('./settings-tokens'));
const Administrators = lazy(() => import('./settings-administrators'));
const Hooks = lazy(() => import('./settings-hooks'));
const Limits = lazy(() => import('./settings-limits'));
const Protected = lazy(() => import('./settings-protected'));
const Nodes = lazy(() => import('./settings-nodes'));

const OF_ALL: [string, string][] = [
    ['hooks', 'Event Hooks'],
    ['limits', 'Limits'],
    ['protected', 'Protected'],
    ['nodes', 'Nodes'],
];
const OF_ADMINISTRATORS: [string, string][] = [
    ['tokens', 'API Tokens'],
    ['administrators', 'Administrators'],
];

export default function Settings() {
    const { pathname } = useLocation();
    const mayAll = useMay('ADMIN');
    const tabs = mayAll ? [...OF_ADMINISTRATORS, ...OF_ALL] : OF_ALL;
    return (
        <>
            <PageHead title="Settings" part={tabs.find(([tab]) => pathname.startsWith(`/settings/${tab}`))?.[1]} />
            <Tabs base="/settings" tabs={tabs} label="Settings" />
            <PageSection isFilled>
                <Suspense fallback={<Loading what="the settings" />}>
                    <Routes>
                        <Route index element={<Navigate to={`/settings/${tabs[0]?.[0] ?? 'limits'}`} replace />} />
                        {mayAll && <Route path="tokens" element={<Tokens />} />}
                        {mayAll && <Route path="administrators" element={<Administrators />} />}
                        <Route path="hooks" element={<Hooks />} />
                        <Route path="limits" element={<Limits />} />
                        <Route path="protected" element={<Protected />} />
                        <Route path="nodes" element={<Nodes />} />
                        <Route path="*" element={<Nothing title="There is no such page">It may be for administrators alone.</Nothing>} />
                    </Routes>
                </Suspense>
            </PageSection>
        </>
    );
}
