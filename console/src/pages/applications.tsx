// SPDX-License-Identifier: Apache-2.0
import { Button, PageSection, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ListBody, Search, useList } from '../ui/list';
import { PageHead } from '../ui/page';
import { Nothing } from '../ui/states';
import { AppStatus } from '../ui/status';
import { Time } from '../ui/time';
import { CreateApplication } from './create-application';

const SWITCHES: [string, string][] = [
    ['PUSH_NEW_USERS', 'create'],
    ['PUSH_PROFILE_UPDATES', 'update'],
    ['PUSH_USER_DEACTIVATION', 'deactivate'],
];

function provisioningOf(app: App): string {
    const on = SWITCHES.filter(([feature]) => app.features.includes(feature)).map(([, text]) => text);
    if (on.length > 0) return `Users: ${on.join(', ')}`;
    return app.features.includes('GROUP_PUSH') ? 'Groups only' : 'Off';
}

export default function Applications() {
    const [params] = useSearchParams();
    const [creating, setCreating] = useState(false);
    const mayCreate = useMay('ADMIN');
    const state = useList<App>('/api/v1/apps', { q: params.get('q') ?? undefined });
    const create = mayCreate && <Button onClick={() => setCreating(true)}>Create app integration</Button>;
    return (
        <>
            <PageHead title="Applications" actions={create} />
            <PageSection isFilled>
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <ToolbarItem>
                            <Search label="Search applications" placeholder="Beginning of the name" />
                        </ToolbarItem>
                    </ToolbarContent>
                </Toolbar>
                <ListBody
                    state={state}
                    what="applications"
                    empty={
                        state.narrowed ? (
                            <Nothing title="No application matches">Search by the beginning of its name.</Nothing>
                        ) : (
                            <Nothing title="There are no applications yet" action={create}>
                                An application is what Muster makes accounts in and pushes groups to, over SCIM 2.0.
                            </Nothing>
                        )
                    }
                >
                    {(apps) => (
                        <Table aria-label="Applications" variant="compact">
                            <Thead>
                                <Tr>
                                    <Th>Name</Th>
                                    <Th>Status</Th>
                                    <Th>Provisioning</Th>
                                    <Th>Last changed</Th>
                                </Tr>
                            </Thead>
                            <Tbody>
                                {apps.map((app) => (
                                    <Tr key={app.id}>
                                        <Td dataLabel="Name" className="muster-name">
                                            <Link to={`/applications/${app.id}`}>{app.label}</Link>
                                        </Td>
                                        <Td dataLabel="Status">
                                            <AppStatus app={app} />
                                        </Td>
                                        <Td dataLabel="Provisioning">{provisioningOf(app)}</Td>
                                        <Td dataLabel="Last changed">
                                            <Time iso={app.lastUpdated} />
                                        </Td>
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    )}
                </ListBody>
            </PageSection>
            {creating && <CreateApplication close={() => setCreating(false)} />}
        </>
    );
}
