// SPDX-License-Identifier: Apache-2.0
// Troubleshoot: ask why, part groups that are used for two things, decide what is held.
import { Nav, NavItem, NavList, PageSection } from '@patternfly/react-core';
import { lazy, Suspense } from 'react';
import { Link, Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { PageHead } from '../ui/page';
import { Loading, Nothing } from '../ui/states';

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
            <PageHead title="Troubleshoot" />
            <PageSection type="tabs">
                <Nav variant="horizontal-subnav" aria-label="Parts of Troubleshoot">
                    <NavList>
                        {TABS.map(([tab, text]) => (
                            <NavItem key={tab} isActive={pathname.startsWith(`/troubleshoot/${tab}`)}>
                                <Link to={`/troubleshoot/${tab}`}>{text}</Link>
                            </NavItem>
                        ))}
                    </NavList>
                </Nav>
            </PageSection>
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
