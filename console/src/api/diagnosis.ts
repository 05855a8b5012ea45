// SPDX-License-Identifier: Apache-2.0
// What the API answers to "why" (docs/api.md, Why).

export interface Remedy {
    words: string;
    method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'; // absent: no call does it
    path?: string;
    body?: unknown;
}

export interface Check {
    check: string;
    area: 'SOURCE' | 'APP' | 'ACCOUNT' | 'GROUP' | 'TARGET';
    result: 'PASS' | 'FAIL' | 'NOT_APPLICABLE';
    fact: string;
    since?: string;
    by?: string;
    eventId?: string;
    cause?: string;
    errorClass?: string;
    nextTry?: string;
    remedy?: Remedy;
}

export interface Diagnosis {
    user: { id: string; login: string };
    app: { id: string; label: string };
    group?: { id: string; name: string };
    mappingId?: string;
    verdict: 'IN_STEP' | 'RIGHTLY_ABSENT' | 'MISSING' | 'EXTRA';
    summary: string;
    since?: string;
    cause?: Check;
    checks: Check[];
}

// Whoever is in the source group is of one of the first seven; the others are there and should not be.
export type PersonKind =
    | 'PUSHED'
    | 'NOT_ASSIGNED'
    | 'INACTIVE'
    | 'SUSPENDED'
    | 'NOT_PROVISIONED'
    | 'REFUSED'
    | 'WAITING'
    | 'LEAVING'
    | 'HELD'
    | 'REMOVAL_REFUSED'
    | 'EXTRA';

export interface WholeGroup {
    app: { id: string; label: string };
    group: { id: string; name: string };
    mappingId: string;
    status: 'ACTIVE' | 'INACTIVE' | 'ERROR';
    members: number;
    pushed: number;
    unknownToTheDirectory: number;
    assignedAndPushed: boolean;
    assignedAndPushedMeans?: string;
    summary: string;
    cause?: Check;
    people: { kind: PersonKind; wanted: boolean; count: number; words: string }[];
    checks: Check[];
}

export interface Person {
    id: string;
    login: string;
    kind: PersonKind;
    summary: string;
    cause?: Check;
}
