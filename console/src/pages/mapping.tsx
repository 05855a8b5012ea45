// SPDX-License-Identifier: Apache-2.0
// One push mapping: its members with their state and why, what happened to it, and what can be done, with its plan before.
import { Alert, Button, Nav, NavItem, NavList, Title, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams, useSearchParams } from 'react-router-dom';
import { getOrNull } from '../api/client';
import type { App, Mapping } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Loading, Nothing } from '../ui/states';
import { TabRow } from '../ui/tabs';
import { MappingAct, type Act } from './mapping-act';
import { MappingAttempts, MappingEvents } from './mapping-history';
import { Failure, Summary } from './push-info';
import { Activity, nameOf, targetNameOf } from './push-table';
import { Unlink } from './push-unlink';
import { WholeGroupView } from './whole-group';

const PARTS: [string, string][] = [
    ['members', 'Members'],
    ['events', 'What happened'],
    ['attempts', 'Requests'],
    ['information', 'Information'],
];

function Actions({ app, mapping }: { app: App; mapping: Mapping }) {
    const mayPush = useMay('OPERATOR');
    const [asked, setAsked] = useState<Act | 'unlink' | null>(null);
    if (!mayPush) return null;
    const close = () => setAsked(null);
    const inactive = mapping.status === 'INACTIVE';
    return (
        <Toolbar>
            <ToolbarContent rowWrap={{ default: 'wrap' }}>
                <ToolbarItem>
                    <ActButton isDisabled={inactive} onClick={() => setAsked('push')}>
                        Push now
                    </ActButton>
                </ToolbarItem>
                <ToolbarItem>
                    <Button variant="secondary" onClick={() => setAsked(inactive ? 'activate' : 'deactivate')}>
                        {inactive ? 'Activate group push' : 'Deactivate group push'}
                    </Button>
                </ToolbarItem>
                <ToolbarItem>
                    <Button variant="secondary" isDanger onClick={() => setAsked('unlink')}>
                        Unlink pushed group
                    </Button>
                </ToolbarItem>
            </ToolbarContent>
            {asked === 'unlink' && <Unlink app={app} mappings={[mapping]} close={close} />}
            {asked && asked !== 'unlink' && <MappingAct app={app} mapping={mapping} act={asked} close={close} />}
        </Toolbar>
    );
}

function Both({ mapping, app }: { mapping: Mapping; app: App }) {
    if (!mapping.assignedAndPushed) return null;
    return (
        <Alert variant="info" isInline component="p" title={`${nameOf(mapping)} gives ${app.label} and is pushed there`} className="muster-break">
            <p>{mapping.assignedAndPushedMeans}</p>
            <Link to="/troubleshoot/same-groups">Groups for assignment and push</Link>
        </Alert>
    );
}

export default function MappingPage({ app }: { app: App }) {
    const { mappingId = '' } = useParams();
    const [params] = useSearchParams();
    const path = `/api/v1/apps/${app.id}/group-push/mappings/${encodeURIComponent(mappingId)}`;
    const { data: mapping, error, refetch } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => getOrNull<Mapping>(path, { expand: 'groups' }, signal),
    });
    const list = `/applications/${app.id}/push-groups`;
    if (mapping === null)
        return (
            <Nothing title="This group is no longer pushed" action={<Link to={list}>Push Groups</Link>}>
                Its mapping was unlinked.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The pushed group cannot be shown" retry={() => void refetch()} />;
    if (!mapping) return <Loading what="the pushed group" />;
    const part = params.get('part') ?? 'members';
    return (
        <div className="muster-stack">
            <Link to={list}>Back to Push Groups</Link>
            <Title headingLevel="h2" className="muster-break">
                {nameOf(mapping)}
            </Title>
            <p className="muster-break">
                Pushed to {targetNameOf(mapping)} in {app.label}. <Activity mapping={mapping} />
            </p>
            <Actions app={app} mapping={mapping} />
            {part !== 'information' && <Failure app={app} mapping={mapping} />}
            <Both app={app} mapping={mapping} />
            <TabRow shown={part}>
                <Nav variant="horizontal-subnav" aria-label="Parts of the push mapping">
                    <NavList>
                        {PARTS.map(([name, text]) => (
                            <NavItem key={name} isActive={name === part}>
                                <Link to={name === 'members' ? '?' : `?part=${name}`}>{text}</Link>
                            </NavItem>
                        ))}
                    </NavList>
                </Nav>
            </TabRow>
            {part === 'members' && <WholeGroupView pushed={{ appId: app.id, mappingId: mapping.id }} />}
            {part === 'events' && <MappingEvents mapping={mapping} />}
            {part === 'attempts' && <MappingAttempts app={app} mapping={mapping} />}
            {part === 'information' && (
                <>
                    <Failure app={app} mapping={mapping} />
                    <Summary mapping={mapping} />
                </>
            )}
        </div>
    );
}
