// SPDX-License-Identifier: Apache-2.0
import { Button, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { App, Mapping } from '../api/types';
import { useToasts } from '../ui/toasts';
import { Unlink } from './push-unlink';

const ACTIONS: [string, string, string][] = [
    ['ACTIVATE', 'Activate', 'activated'],
    ['DEACTIVATE', 'Deactivate', 'deactivated'],
    ['PUSH_NOW', 'Push now', 'being pushed'],
];

// What can be done with all that are selected; all of it or nothing.
export function BulkActions({ app, mappings, done }: { app: App; mappings: Mapping[]; done: () => void }) {
    const toasts = useToasts();
    const [unlinking, setUnlinking] = useState(false);
    const count = `${mappings.length} ${mappings.length === 1 ? 'group' : 'groups'}`;
    const act = useMutation({
        mutationFn: ([action]: [string, string]) =>
            change('POST', `/api/v1/apps/${app.id}/group-push/mappings/bulk`, {
                action,
                mappingIds: mappings.map((mapping) => mapping.id),
            }),
        onSuccess: (_result, [, said]) => {
            toasts.done(`${count} ${said}`);
            done();
        },
        onError: (error) => toasts.failed('Nothing was changed', error),
    });
    const none = mappings.length === 0;
    return (
        <Toolbar>
            <ToolbarContent rowWrap={{ default: 'wrap' }}>
                <ToolbarItem alignSelf="center">
                    <span role="status">{count} selected</span>
                </ToolbarItem>
                {ACTIONS.map(([action, text, said]) => (
                    <ToolbarItem key={action}>
                        <Button variant="secondary" isDisabled={none || act.isPending} onClick={() => act.mutate([action, said])}>
                            {text}
                        </Button>
                    </ToolbarItem>
                ))}
                <ToolbarItem>
                    <Button variant="secondary" isDanger isDisabled={none} onClick={() => setUnlinking(true)}>
                        Delete
                    </Button>
                </ToolbarItem>
            </ToolbarContent>
            {unlinking && <Unlink app={app} mappings={mappings} close={() => setUnlinking(false)} done={done} />}
        </Toolbar>
    );
}
