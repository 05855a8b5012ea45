// SPDX-License-Identifier: Apache-2.0
import type { User } from '../api/types';
import { History } from '../ui/events';
import { personName } from '../ui/people';

export default function PersonHistory({ person }: { person: User }) {
    return <History id={person.id} name={personName(person.profile)} />;
}
