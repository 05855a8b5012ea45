// SPDX-License-Identifier: Apache-2.0
import { Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { change } from '../api/client';
import type { App, Mapping } from '../api/types';
import { ActButton } from '../ui/act-button';
import { counted } from '../ui/plan';
import { useToasts } from '../ui/toasts';
import { Unlink } from './push-unlink';

const ACTIONS: [string, string, string][] = [
    ['ACTIVATE', 'Activate', 'activated'],
    ['DEACTIVATE', 'Deactivate', 'deactivated'],
    ['PUSH_NOW', 'Push now', 'being pushed'],
];

// What can be done with all that are selected; all of it or nothing.
// `done` is told which ones it was done with.
export function BulkActions({ app, mappings, done }: { app: App; mappings: Mapping[]; done: (ids: string[]) => void }) {
    const toasts = useToasts();
    const [unlinking, setUnlinking] = useState<Mapping[] | null>(null); // as they were when it was asked
    const ids = mappings.map((mapping) => mapping.id);
    const act = useMutation({
        mutationFn: ([action, , mappingIds]: [string, string, string[]]) =>
            change('POST', `/api/v1/apps/${app.id}/group-push/mappings/bulk`, { action, mappingIds }),
        onSuccess: (_result, [, said, acted]) => {
            toasts.done(`${counted(acted.length, 'group', 'groups')} ${said}`);
            done(acted);
        },
        onError: (error) => toasts.failed('Nothing was changed', error),
    });
    const none = ids.length === 0;
    return (
        <Toolbar>
            <ToolbarContent rowWrap={{ default: 'wrap' }}>
                <ToolbarItem alignSelf="center">
                    <span role="status">{counted(ids.length, 'group', 'groups')} selected</span>
                </ToolbarItem>
                {ACTIONS.map(([action, text, said]) => (
                    <ToolbarItem key={action}>
                        <ActButton variant="secondary" isDisabled={none} pending={act.isPending} onClick={() => act.mutate([action, said, ids])}>
                            {text}
                        </ActButton>
                    </ToolbarItem>
                ))}
                <ToolbarItem>
                    <ActButton variant="secondary" isDanger isDisabled={none} onClick={() => setUnlinking(mappings)}>
                        Delete
                    </ActButton>
                </ToolbarItem>
            </ToolbarContent>
            {unlinking && <Unlink app={app} mappings={unlinking} close={() => setUnlinking(null)} done={done} />}
        </Toolbar>
    );
}
