// SPDX-License-Identifier: Apache-2.0
import { Radio } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import type { App, Mapping } from '../api/types';
import { Confirm } from '../ui/confirm';
import { counted } from '../ui/plan';
import { useToasts } from '../ui/toasts';
import { nameOf, targetNameOf } from './push-table';

const COUNTED = 20; // groups whose members are counted before they are deleted

async function countMembers(app: App, mappings: Mapping[], signal: AbortSignal): Promise<number> {
    const each = await Promise.all(
        mappings.map((mapping) => get<Mapping>(`/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`, {}, signal)),
    );
    return each.reduce((sum, mapping) => sum + (mapping.state.members ?? 0), 0);
}

// Unlinks one group or several, and deletes or leaves what the app has.
export function Unlink({ app, mappings, close, done }: { app: App; mappings: Mapping[]; close: () => void; done?: (ids: string[]) => void }) {
    const toasts = useToasts();
    const [remove, setRemove] = useState<boolean | null>(null);
    const ids = mappings.map((mapping) => mapping.id);
    const { data: members } = useQuery({
        queryKey: ['members of', app.id, ids],
        queryFn: ({ signal }) => countMembers(app, mappings, signal),
        enabled: mappings.length <= COUNTED,
        gcTime: 0, // whoever asks again is not told what was counted before
    });
    const groups = counted(mappings.length, 'group', 'groups');
    const first = mappings[0];
    const which = mappings.length === 1 && first ? `“${targetNameOf(first)}”` : groups;
    const memberships = members === undefined ? '' : ` with ${counted(members, 'membership', 'memberships')}`;
    return (
        <Confirm
            title={mappings.length === 1 && first ? `Unlink ${nameOf(first)}?` : `Unlink ${groups}?`}
            action="Unlink"
            disabled={remove === null}
            close={close}
            run={async () => {
                await change('POST', `/api/v1/apps/${app.id}/group-push/mappings/bulk`, {
                    action: 'UNLINK',
                    mappingIds: ids,
                    deleteTargetGroup: remove,
                });
                toasts.done(`${groups} unlinked${remove ? `; what ${app.label} has is being deleted` : ''}`);
                done?.(ids);
            }}
        >
            <p>The groups of the directory stay as they are. What becomes of {which} in {app.label}?</p>
            <Radio
                id="unlink-delete"
                name="unlink"
                label="Delete the group in the target app"
                description={`${groups}${memberships} deleted there; 0 accounts. A deletion limit may hold it back.`}
                isChecked={remove === true}
                onChange={() => setRemove(true)}
            />
            <Radio
                id="unlink-leave"
                name="unlink"
                label="Leave the group in the target app"
                description="Nothing is sent: 0 groups and 0 memberships change there."
                isChecked={remove === false}
                onChange={() => setRemove(false)}
            />
        </Confirm>
    );
}
