// SPDX-License-Identifier: Apache-2.0
import { change } from '../api/client';
import type { Group, User } from '../api/types';
import { Confirm } from '../ui/confirm';
import { personName } from '../ui/people';
import { Plan } from '../ui/plan';
import { useToasts } from '../ui/toasts';

// Whom a rule put there is excluded by that rule from then on; a rule's list may be full, then the server refuses.
export function RemoveMember({ group, person, close }: { group: Group; person: User; close: () => void }) {
    const toasts = useToasts();
    const path = `/api/v1/groups/${group.id}/users/${person.id}`;
    const name = personName(person.profile);
    return (
        <Confirm
            title={`Remove ${name} from ${group.profile.name}?`}
            action="Remove"
            close={close}
            run={async () => {
                await change('DELETE', path);
                toasts.done(`${name} is removed from ${group.profile.name}`);
            }}
        >
            <p>A group rule that gives this membership excludes the person from then on.</p>
            <Plan act={{ method: 'DELETE', path }} />
        </Confirm>
    );
}
