// SPDX-License-Identifier: Apache-2.0
// Imports and scans as the API has them (docs/api.md), and how far one is, in the words of ui/progress.tsx.
import type { Work, WorkState } from '../ui/progress';

export type RunStatus =
    | 'QUEUED'
    | 'READING_USERS'
    | 'READING_GROUPS'
    | 'COMPARING'
    | 'CHECKING'
    | 'HELD'
    | 'APPLYING'
    | 'COMPLETED'
    | 'FAILED'
    | 'CANCELLED';

interface Run {
    id: string;
    status: RunStatus;
    scheduled: boolean;
    created: string;
    started: string | null;
    finished: string | null;
    waitingBecause?: string;
    errorClass?: string;
    error?: string;
}

interface Read {
    read: number;
    total: number | null;
    created: number;
    updated: number;
    removed: number;
}

export interface ImportRun extends Run {
    type: 'ALL' | 'GROUPS';
    users: Read & { confirmed: number };
    groups: Read;
    memberships: { read: number; added: number; removed: number };
    differences: { found: number; applied: number };
}

export interface ScanRun extends Run {
    requests: number;
    usersRead: number;
    groupsRead: number;
    differences?: number;
    new?: number;
}

export interface ImportedUser {
    id: string;
    externalId: string;
    status: 'UNCONFIRMED' | 'CONFIRMED' | 'IGNORED';
    match: 'EXACT' | 'PARTIAL' | 'NEW';
    user?: { id: string; login: string };
    active: boolean;
    credentials: { userName: string };
    profile: Record<string, unknown>;
    error?: string;
    created: string;
}

export interface InboundFeature {
    capabilities: {
        importSettings: {
            username: { usernameFormat: 'EMAIL' | 'CUSTOM'; userNameExpression?: string };
            schedule: { status: 'ENABLED' | 'DISABLED'; fullImport?: { expression: string; timezone: string }; nextImport?: string };
            importGroups: boolean;
        };
        importRules: {
            userCreateAndMatch: {
                exactMatchCriteria: 'EMAIL' | 'USERNAME' | 'CUSTOM';
                exactMatchAttribute?: string; // of the person, with CUSTOM
                exactMatchAppAttribute?: string; // of the app's user
                allowPartialMatch: boolean;
                autoConfirmPartialMatch: boolean;
                autoConfirmExactMatch: boolean;
                autoConfirmNewUsers: boolean;
                autoActivateNewUsers: boolean;
            };
        };
    };
}

export interface Safeguard {
    app: { status: 'ENABLED' | 'DISABLED'; percent: number };
    organization: { status: 'ENABLED' | 'DISABLED'; percent: number };
}

export function isOpenRun(run: Run): boolean {
    return !['COMPLETED', 'FAILED', 'CANCELLED'].includes(run.status);
}

const STEPS: Record<RunStatus, string> = {
    QUEUED: 'Waits for its turn',
    READING_USERS: "Reading the app's users",
    READING_GROUPS: "Reading the app's groups",
    COMPARING: 'Comparing with what is known',
    CHECKING: 'Asking for what was in no list',
    HELD: 'Held by the import safeguard',
    APPLYING: 'Taking over what differs',
    COMPLETED: 'Done',
    FAILED: 'Failed',
    CANCELLED: 'Cancelled',
};

export function stepOf(status: RunStatus): string {
    return STEPS[status];
}

function stateOf(run: Run): WorkState {
    if (run.status === 'HELD') return 'held';
    if (run.status === 'COMPLETED') return 'done';
    if (run.status === 'FAILED') return 'failed';
    if (run.status === 'CANCELLED') return 'cancelled';
    return run.waitingBecause ? 'waiting' : 'running';
}

function common(run: Run, title: string): Work {
    return {
        title,
        state: stateOf(run),
        step: stepOf(run.status),
        since: run.started ?? run.created,
        reason: run.waitingBecause ? `nothing can be read now, because ${run.waitingBecause}` : (run.error ?? null),
    };
}

export function workOfImport(run: ImportRun, label: string): Work {
    const work = common(run, run.type === 'ALL' ? `Import from ${label}` : `Reading the groups of ${label}`);
    if (run.status === 'READING_USERS') return { ...work, done: run.users.read, total: run.users.total, unit: 'users' };
    if (run.status === 'READING_GROUPS') return { ...work, done: run.groups.read, total: run.groups.total, unit: 'groups' };
    if (run.status === 'APPLYING')
        return { ...work, done: run.differences.applied, total: run.differences.found, unit: 'differences' };
    return work;
}

export function workOfScan(run: ScanRun, label: string): Work {
    const work = common(run, `Scan of ${label}`);
    if (run.status === 'READING_USERS') return { ...work, done: run.usersRead, unit: 'users' };
    if (run.status === 'READING_GROUPS') return { ...work, done: run.groupsRead, unit: 'groups' };
    return { ...work, done: run.requests, unit: 'requests' };
}
