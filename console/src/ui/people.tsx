// SPDX-License-Identifier: Apache-2.0
// People and groups as they are named, found and picked everywhere.
import { Label } from '@patternfly/react-core';
import type { Group, User, UserProfile, UserStatus } from '../api/types';
import { quoted, type Choice } from './picker';

export function personName(profile: UserProfile | undefined): string {
    return [profile?.firstName, profile?.lastName].filter(Boolean).join(' ') || (profile?.displayName ?? profile?.login ?? '');
}

export const STATUSES: Record<UserStatus, [string, 'green' | 'blue' | 'grey' | 'orange' | 'red']> = {
    STAGED: ['Staged', 'blue'],
    PROVISIONED: ['Provisioned', 'green'],
    ACTIVE: ['Active', 'green'],
    RECOVERY: ['Password reset', 'orange'],
    PASSWORD_EXPIRED: ['Password expired', 'orange'],
    LOCKED_OUT: ['Locked out', 'red'],
    SUSPENDED: ['Suspended', 'orange'],
    DEPROVISIONED: ['Deactivated', 'grey'],
};

export function PersonStatus({ status }: { status: UserStatus }) {
    const [text, color] = STATUSES[status];
    return <Label color={color}>{text}</Label>;
}

const PRESENT = (Object.keys(STATUSES) as UserStatus[]).filter((status) => status !== 'DEPROVISIONED');
export const NOT_DEACTIVATED = `(${PRESENT.map((status) => `status eq "${status}"`).join(' or ')})`;
const FIELDS = ['profile.firstName', 'profile.lastName', 'profile.login', 'profile.email'];

// People of whom each word of the text stands somewhere in their names, login or e-mail address.
export function peopleWith(text: string): string[] {
    const words = text.split(/\s+/).filter(Boolean);
    return words.map((word) => `(${FIELDS.map((field) => `${field} co ${quoted(word)}`).join(' or ')})`);
}

export function personChoice(user: User): Choice<User> {
    return { id: user.id, text: user.profile.login, detail: personName(user.profile), value: user };
}

export function personQuery(text: string): Record<string, string> {
    return { search: [NOT_DEACTIVATED, ...peopleWith(text)].join(' and '), sortBy: 'profile.lastName' };
}

export function groupChoice(group: Group): Choice<Group> {
    return { id: group.id, text: group.profile.name, detail: group.profile.description ?? undefined, value: group };
}

// Groups of the directory: those of apps have no members of their own.
export function groupQuery(text: string): Record<string, string> {
    const what = 'type eq "OKTA_GROUP"';
    return { search: text ? `${what} and profile.name co ${quoted(text)}` : what, sortBy: 'profile.name' };
}
