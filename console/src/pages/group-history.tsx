// SPDX-License-Identifier: Apache-2.0
import type { Group } from '../api/types';
import { History } from '../ui/events';

export default function GroupHistory({ group }: { group: Group }) {
    return <History id={group.id} name={group.profile.name} />;
}
