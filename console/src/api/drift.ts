// SPDX-License-Identifier: Apache-2.0
// Drift as the API has it (docs/drift.md), in words.
import type { ScanRun } from './imports';

export type DriftKind =
    | 'MEMBER_MISSING'
    | 'MEMBER_EXTRA'
    | 'GROUP_MISSING'
    | 'GROUP_RENAMED'
    | 'ACCOUNT_MISSING'
    | 'ACCOUNT_INACTIVE'
    | 'ACCOUNT_ACTIVE'
    | 'ATTRIBUTE_DIFFERS';
export type DriftCause = 'TARGET' | 'DIRECTORY' | 'MUSTER';
export type DriftAction = 'ALERT' | 'REPAIR' | 'ACCEPT';

export interface Difference {
    id: string;
    kind: DriftKind;
    cause: DriftCause;
    class?: string;
    status: 'OPEN' | 'REPAIRING' | 'ACCEPTED';
    userId?: string;
    login?: string;
    targetGroupId?: string;
    targetGroupName?: string;
    externalId?: string;
    attribute?: string;
    acknowledged?: string | null;
    wanted?: string | null;
    found?: string | null;
    error?: string;
    repairs: number;
    since: string;
    lastSeen: string;
    accepted?: { at: string; by?: string; note?: string };
}

export interface Drift {
    members?: number;
    membersInStep?: number;
    membersNotVerifiable?: number;
    accounts?: number;
    accountsInStep?: number;
    groups?: number;
    groupsNotVerifiable?: number;
    differences: { kind: DriftKind; cause: DriftCause; count: number }[];
    repairing: number;
    accepted: number;
    nextScan?: string | null;
    lastScan?: ScanRun;
    scan?: ScanRun;
}

export interface DriftSettings {
    everyHours: number;
    nextScan?: string | null;
    requestsPerHour: number;
    actions: Record<DriftKind, DriftAction>;
}

export const KINDS: Record<DriftKind, string> = {
    MEMBER_MISSING: 'Member missing',
    MEMBER_EXTRA: 'Member too many',
    GROUP_MISSING: 'Group missing',
    GROUP_RENAMED: 'Group renamed',
    ACCOUNT_MISSING: 'Account missing',
    ACCOUNT_INACTIVE: 'Account inactive',
    ACCOUNT_ACTIVE: 'Account active',
    ATTRIBUTE_DIFFERS: 'Attribute differs',
};

// What a repair does, as docs/drift.md has it.
export const REPAIRS: Record<DriftKind, string> = {
    MEMBER_MISSING: 'adds the person again',
    MEMBER_EXTRA: 'removes the member, through the deletion limits',
    GROUP_MISSING: 'makes the group again, or links the only one of its name, and pushes the members',
    GROUP_RENAMED: 'gives the group its name',
    ACCOUNT_MISSING: 'looks for the user name, and makes the account if nobody has it',
    ACCOUNT_INACTIVE: 'is never done: reactivate the person, or accept it',
    ACCOUNT_ACTIVE: 'deactivates the account, through the deletion limits',
    ATTRIBUTE_DIFFERS: 'sends the value again',
};

export const CAUSES: Record<DriftCause, string> = {
    TARGET: 'Somebody in the app',
    DIRECTORY: 'The directory changed',
    MUSTER: 'The app refused it',
};

const CLASSES: Record<string, string> = {
    SAME_GROUP: 'lost the app through this very group',
    INACTIVE: 'does not have the app any more, or is not active',
    ADDED: 'has the app, and is not in the source group',
    UNKNOWN: 'not known to the directory',
    REFUSED: 'the app refused the removal',
    HELD: 'the removal waits, or is held',
};

export function classOf(difference: Difference): string {
    return difference.class ? (CLASSES[difference.class] ?? difference.class) : '';
}

// Whom or what it is about.
export function objectOf({ kind, login, externalId, targetGroupName }: Difference): string {
    const who = login ?? (externalId ? `user ${externalId} of the app` : '');
    if (kind === 'GROUP_MISSING' || kind === 'GROUP_RENAMED') return targetGroupName ?? '';
    if (kind === 'MEMBER_MISSING' || kind === 'MEMBER_EXTRA') return `${who} in ${targetGroupName ?? 'a group'}`;
    return who;
}
