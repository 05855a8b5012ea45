// SPDX-License-Identifier: Apache-2.0
// What the management API tells of the organisation at a glance (docs/api.md).

export interface OfApp {
    appId: string;
    appLabel: string;
}

export interface Failures extends OfApp {
    concerns: 'ACCOUNT' | 'GROUP' | 'MEMBER';
    errorClass: string;
    cause?: string;
    action?: string;
    count: number;
    held?: number;
    since?: string;
}

export interface Quarantine extends OfApp {
    errorClass: string;
    cause?: string;
    action?: string;
    error: string;
    since: string;
    nextTry: string;
    failures: number;
}

export interface Overview {
    quarantines: Quarantine[];
    holds: (OfApp & { holds: number; changes: number; since: string })[];
    imports: (OfApp & { since: string })[];
    errors: Failures[];
    drift: (OfApp & { differences: number; since: string })[];
    complete: boolean;
}

export interface ActivityHour {
    hour: string;
    pushed: number;
    failed: number;
    inStep: number;
    medianMs: number | null;
    mostMs: number | null;
}

export interface AppInStep extends OfApp {
    groups: number;
    inStep: number;
    waiting: number;
    refused: number;
    complete: boolean;
    waits: string | null; // why nothing is sent there
}
