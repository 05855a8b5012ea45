// SPDX-License-Identifier: Apache-2.0
import { useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { change } from '../api/client';
import type { Group } from '../api/types';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { Menu } from '../ui/menu';
import { Plan, counted } from '../ui/plan';
import { useToasts } from '../ui/toasts';
import { GroupDialog } from './group-dialog';

export function GroupActions({ group }: { group: Group }) {
    const toasts = useToasts();
    const navigate = useNavigate();
    const mayChange = useMay('OPERATOR');
    const [dialog, setDialog] = useState<'edit' | 'delete' | null>(null);
    const path = `/api/v1/groups/${group.id}`;
    const { name } = group.profile;
    const stats = group._embedded?.stats;
    if (!mayChange) return null;
    return (
        <>
            <Menu
                label={`Actions on ${name}`}
                entries={[
                    { text: 'Edit', run: () => setDialog('edit') },
                    { text: 'Delete', danger: true, run: () => setDialog('delete') },
                ]}
            />
            {dialog === 'edit' && <GroupDialog group={group} close={() => setDialog(null)} />}
            {dialog === 'delete' && (
                <Confirm
                    title={`Delete ${name}?`}
                    action="Delete"
                    close={() => setDialog(null)}
                    run={async () => {
                        await change('DELETE', path);
                        toasts.done(`${name} is deleted`);
                        navigate('/groups');
                    }}
                >
                    <p>
                        It has {counted(stats?.usersCount ?? 0, 'member', 'members')}, gives {counted(stats?.appsCount ?? 0, 'app', 'apps')} and is
                        pushed to {counted(stats?.groupPushMappingsCount ?? 0, 'app', 'apps')}. Group rules that name it become invalid.
                    </p>
                    <Plan act={{ method: 'DELETE', path }} />
                </Confirm>
            )}
        </>
    );
}
