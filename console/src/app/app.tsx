// SPDX-License-Identifier: Apache-2.0
// Which page an address is. Each page is loaded when it is first opened.
import { Bullseye, Button } from '@patternfly/react-core';
import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes, useLocation } from 'react-router-dom';
import { Boundary } from '../ui/boundary';
import { ErrorAlert } from '../ui/errors';
import { Loading, Nothing } from '../ui/states';
import { SignIn, SignInAgain } from '../pages/sign-in';
import { useSession } from './session';
import { Shell } from './shell';

const Welcome = lazy(() => import('../pages/welcome'));
const Overview = lazy(() => import('../pages/overview'));
const Settings = lazy(() => import('../pages/settings'));
const Applications = lazy(() => import('../pages/applications'));
const Application = lazy(() => import('../pages/application'));
const People = lazy(() => import('../pages/people'));
const Person = lazy(() => import('../pages/person'));
const Groups = lazy(() => import('../pages/groups'));
const GroupPage = lazy(() => import('../pages/group'));
const GroupRules = lazy(() => import('../pages/group-rules'));
const GroupRulePage = lazy(() => import('../pages/group-rule'));
const Troubleshoot = lazy(() => import('../pages/troubleshoot'));
const SystemLog = lazy(() => import('../pages/system-log'));

function NotFound() {
    return (
        <Nothing level="h1" title="There is no such page" action={<Button component="a" href="/">Go to the start</Button>}>
            The address may be mistyped, or what it showed was deleted.
        </Nothing>
    );
}

function Pages() {
    const { session, ended, loading, error } = useSession();
    const location = useLocation();
    if (loading) return <Loading what="your session" />;
    if (error && !session)
        return (
            <Bullseye>
                <ErrorAlert error={error} title="The console cannot start" retry={() => window.location.reload()} />
            </Bullseye>
        );
    if (!session) return <Navigate to="/sign-in" replace state={{ to: location.pathname + location.search }} />;
    return (
        <Shell key={session.id}>
            {ended && <SignInAgain />}
            <Boundary>
                <Suspense fallback={<Loading what="the page" />}>
                    <Routes>
                        <Route path="/" element={<Overview />} />
                        <Route path="/people" element={<People />} />
                        <Route path="/people/:userId/*" element={<Person />} />
                        <Route path="/groups" element={<Groups />} />
                        <Route path="/groups/:groupId/*" element={<GroupPage />} />
                        <Route path="/group-rules" element={<GroupRules />} />
                        <Route path="/group-rules/:ruleId" element={<GroupRulePage />} />
                        <Route path="/applications" element={<Applications />} />
                        <Route path="/applications/:appId/*" element={<Application />} />
                        <Route path="/troubleshoot/*" element={<Troubleshoot />} />
                        <Route path="/system-log" element={<SystemLog />} />
                        <Route path="/settings/*" element={<Settings />} />
                        <Route path="*" element={<NotFound />} />
                    </Routes>
                </Suspense>
            </Boundary>
        </Shell>
    );
}

export function App() {
    return (
        <Boundary>
            <Suspense fallback={<Loading what="the page" />}>
                <Routes>
                    <Route path="/sign-in" element={<SignIn />} />
                    <Route path="/welcome" element={<Welcome />} />
                    <Route path="*" element={<Pages />} />
                </Routes>
            </Suspense>
        </Boundary>
    );
}
