// SPDX-License-Identifier: Apache-2.0
// Troubleshoot: ask why, part groups that are used for two things, decide what is held.
import { PageSection } from '@patternfly/react-core';
import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { PageHead } from '../ui/page';
import { Loading, Nothing } from '../ui/states';
import { Tabs } from '../ui/tabs';

const Why = lazy(() => import('./why'));
const SameGroups = lazy(() => import('./same-groups'));
const Separate = lazy(() => import('./separate'));
const Separation = lazy(() => import('./separation'));
const Holds = lazy(() => import('./holds'));
const Hold = lazy(() => import('./hold'));

const TABS: [string, string][] = [
    ['why', 'Why?'],
    ['same-groups', 'Same group'],
    ['held', 'Held changes'],
];

export default function Troubleshoot() {
    const { pathname } = useLocation();
    return (
        <>
            <PageHead title="Troubleshoot" part={TABS.find(([tab]) => pathname.startsWith(`/troubleshoot/${tab}`))?.[1]} />
            <Tabs base="/troubleshoot" tabs={TABS} label="Parts of Troubleshoot" />
            <PageSection isFilled>
                <Suspense fallback={<Loading what="the page" />}>
                    <Routes>
                        <Route index element={<Navigate to="/troubleshoot/why" replace />} />
                        <Route path="why" element={<Why />} />
                        <Route path="same-groups" element={<SameGroups />} />
                        <Route path="same-groups/separate" element={<Separate />} />
                        <Route path="same-groups/:appId/:separationId" element={<Separation />} />
                        <Route path="held" element={<Holds />} />
                        <Route path="held/:appId/:holdId" element={<Hold />} />
                        <Route path="*" element={<Nothing title="There is no such page" />} />
                    </Routes>
                </Suspense>
            </PageSection>
        </>
    );
}
