// SPDX-License-Identifier: Apache-2.0
// What the management API has of the organisation's settings (docs/openapi.json, docs/api.md).
import type { Role } from './types';

export const ROLE_NAMES: Record<Role, string> = { READ_ONLY: 'Read-only', OPERATOR: 'Operator', ADMIN: 'Administrator' };
export const ROLES: [Role, string][] = [
    ['READ_ONLY', 'Read-only: sees everything but tokens and secrets'],
    ['OPERATOR', 'Operator: people, groups, assignments, pushes'],
    ['ADMIN', 'Administrator: apps, connections, settings too'],
];

export interface ApiToken {
    id: string;
    name: string;
    role: Role;
    created: string;
    lastUpdated: string;
    expiresAt?: string;
    token?: string; // in the answer to its creation alone
}

export interface Administrator {
    id: string;
    name: string;
    email: string;
    role: Role;
    status: 'ACTIVE' | 'INVITED';
    created: string;
    lastSignIn?: string;
    link?: string; // in the answers to an invitation and a reset alone
    expiresAt?: string;
}

export interface EventHook {
    id: string;
    name: string;
    status: 'ACTIVE' | 'INACTIVE';
    verificationStatus: 'VERIFIED' | 'UNVERIFIED';
    created: string;
    lastUpdated: string;
    events: { type: 'EVENT_TYPE'; items: string[] };
    channel: {
        type: 'HTTP';
        version: string;
        config: { uri: string; headers?: { key: string; value: string }[]; authScheme?: { type: 'HEADER'; key: string; value?: string } };
    };
    delivery?: { status: 'OK' | 'RETRYING'; attempts?: number; nextTry?: string; error?: string | null };
    signingSecret?: string; // in the answer to its creation alone
}

export interface HookDelivery {
    number: number;
    eventId: string;
    sent: string;
    durationMs: number;
    attempt: number;
    events: number;
    status: number | null;
    outcome: 'DELIVERED' | 'RETRYING' | 'ABANDONED';
    error?: string | null;
    nextTry?: string;
}

export type Rule = 'deactivations' | 'groupDeletions' | 'removalsPerGroup' | 'removals';
export interface Limit {
    percent?: number;
    number?: number;
    off?: boolean;
    source: 'DEFAULT' | 'ORGANIZATION' | 'APP';
}
export type DeletionLimits = Record<Rule, Limit> & { windowHours: number };

export interface Guard {
    status: 'ENABLED' | 'DISABLED';
    percent: number;
}
export interface ImportSafeguard {
    app: Guard;
    organization: Guard;
}

export interface RecordKeep {
    attemptDays: number;
    logDays: number;
}

export interface SameGroupPolicy {
    policy: 'ALLOW' | 'WARN' | 'REFUSE';
    meaning: string;
}

export interface Node {
    name: string;
    status: 'ALIVE' | 'LOST';
    version: string;
    started: string;
    lastSeen: string;
    leases: number;
}
