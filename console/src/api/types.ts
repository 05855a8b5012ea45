// SPDX-License-Identifier: Apache-2.0
// What the management API answers, as far as the console uses it (docs/openapi.json, docs/api.md).

export type Role = 'READ_ONLY' | 'OPERATOR' | 'ADMIN';

export interface Session {
    id: string;
    name: string;
    email: string;
    role: Role;
    csrf: string;
    expiresAt: string;
    stream: string; // where the event stream stood
}

export interface App {
    id: string;
    name: string;
    label: string;
    status: 'ACTIVE' | 'INACTIVE';
    paused: boolean;
    created: string;
    lastUpdated: string;
    features: string[];
    signOnMode: string;
    credentials: { userNameTemplate: { template: string; type: string } };
    settings?: Record<string, unknown>;
    visibility?: Record<string, unknown>;
    accessibility?: Record<string, unknown>;
    profile?: Record<string, unknown>;
}

export interface Connection {
    status: 'ENABLED' | 'DISABLED' | 'UNKNOWN';
    authScheme?: string;
    baseUrl?: string;
    verified?: string;
    verifyError?: string;
    profile: {
        authScheme: string;
        scheme?: 'BEARER' | 'BASIC' | 'HEADER';
        userName?: string;
        headerName?: string;
        allowPlainHttp?: boolean;
    };
}

export type OnOff = 'ENABLED' | 'DISABLED';

export interface ProvisioningFeature {
    name: 'USER_PROVISIONING';
    status: OnOff;
    capabilities: {
        create: { lifecycleCreate: { status: OnOff } };
        update: {
            lifecycleDeactivate: { status: OnOff };
            profile: { status: OnOff };
            password?: { status: OnOff; seed: string; change: string };
        };
    };
}

export interface Backlog {
    queued: boolean;
    looked: number;
    complete: boolean;
    create: number;
    reactivate: number;
    update: number;
    deactivate: number;
}

export interface ErrorDetails {
    errorClass: string;
    errorCode?: string;
    cause?: string;
    action?: string;
    retry?: 'AUTOMATIC' | 'ON_REQUEST' | 'AFTER_READING' | 'AFTER_LOOKING_UP';
    words?: string;
    httpStatus?: number | null;
    failed?: string;
    attempts?: number;
    nextTry?: string;
    attempt?: Attempt;
}

export interface Attempt {
    sent: string;
    durationMs: number;
    method: string;
    path: string;
    request: string | null;
    status: number | null; // null: no answer came
    answer: string | null;
    errorClass: string | null;
    captured: boolean;
}

export interface UserProfile {
    login: string;
    email: string;
    firstName?: string | null;
    lastName?: string | null;
    displayName?: string | null;
    [attribute: string]: unknown;
}

export type UserStatus =
    | 'STAGED'
    | 'PROVISIONED'
    | 'ACTIVE'
    | 'RECOVERY'
    | 'PASSWORD_EXPIRED'
    | 'LOCKED_OUT'
    | 'SUSPENDED'
    | 'DEPROVISIONED';

export interface User {
    id: string;
    status: UserStatus;
    created: string;
    activated: string | null;
    statusChanged: string | null;
    lastUpdated: string;
    profile: UserProfile;
    _links?: Record<string, { href: string }>; // of a user read alone: what can be done with it now
}

export interface Group {
    id: string;
    type: 'OKTA_GROUP' | 'APP_GROUP' | 'BUILT_IN';
    source?: { id: string };
    created: string;
    lastUpdated: string;
    lastMembershipUpdated: string;
    profile: { name: string; description?: string | null; [attribute: string]: unknown };
    _embedded?: {
        stats?: { usersCount: number; appsCount: number; groupPushMappingsCount: number };
        app?: { id: string; label: string };
    };
}

export interface AppUser {
    id: string;
    externalId?: string;
    created: string;
    lastUpdated: string;
    scope: 'USER' | 'GROUP';
    status: string;
    statusChanged: string;
    syncState: 'DISABLED' | 'OUT_OF_SYNC' | 'SYNCING' | 'SYNCHRONIZED' | 'ERROR';
    lastSync?: string;
    origin?: string;
    disabledInApp?: boolean;
    errorSummary?: string;
    errorDetails?: ErrorDetails;
    credentials: { userName: string };
    profile: Record<string, unknown>;
    _links: { group?: { href: string } };
    _embedded?: { user?: User };
}

export interface AppGroup {
    id: string;
    lastUpdated: string;
    priority: number;
    profile: Record<string, unknown>;
    _embedded?: { group?: Group };
}

export type MappingStatus = 'ACTIVE' | 'INACTIVE' | 'ERROR';

export interface MemberError {
    userId: string;
    login: string;
    errorClass: string;
    cause?: string;
    action?: string;
    retry?: string;
    error: string | null;
    failed?: string;
}

export interface Mapping {
    id: string;
    status: MappingStatus;
    created: string;
    lastUpdated: string;
    lastPush?: string;
    errorSummary?: string;
    errorDetails?: ErrorDetails;
    ruleId?: string;
    sourceGroupId: string;
    targetGroupId: string;
    existingMembers: 'REMOVE' | 'REFUSE' | 'KEEP';
    pushMembershipsImmediately?: boolean;
    memberErrors?: MemberError[];
    assignedAndPushed?: boolean;
    assignedAndPushedMeans?: string;
    lastAttempts?: Attempt[];
    state: {
        activity: 'idle' | 'pending' | 'pushing' | 'retrying' | 'paused' | 'held';
        reason?: string;
        errorClass?: string;
        nextTry?: string;
        attempts?: number;
        members?: number;
        pending?: number;
        failed?: number;
        held?: number;
        extra?: number;
        verified?: string;
        verifiable?: boolean;
    };
    _embedded?: { sourceGroup?: NamedGroup; targetGroup?: NamedGroup };
}

export interface NamedGroup {
    name: string;
    description?: string | null;
}

export type Operator = 'STARTS_WITH' | 'ENDS_WITH' | 'CONTAINS' | 'EQUALS' | 'REGEX' | 'EVERYTHING';

export interface Criterion {
    operator: Operator;
    value?: string;
}

export interface PushRule {
    id: string;
    name: string;
    status: 'ACTIVE' | 'INACTIVE';
    groupName?: Criterion;
    groupDescription?: Criterion;
    pushMembershipsImmediately: boolean;
    existingGroups: 'SKIP' | 'LINK';
    retract: 'NO' | 'UNLINK' | 'DELETE_APP_GROUP';
    mappings: number;
    evaluating: boolean;
    created: string;
    lastUpdated: string;
}

export interface RulePreviewRow {
    groupId: string;
    name: string;
    description?: string;
    outcome: 'CREATE' | 'LINK' | 'ALREADY_MAPPED' | 'NAME_TAKEN';
}

export interface PushSettings {
    renameAppGroups: boolean;
    onSourceGroupDeleted: 'LEAVE' | 'DELETE';
    onGroupMissing: 'ALERT' | 'REPAIR';
    deleteLinkedGroups: boolean;
    verify: 'NEVER' | 'SAMPLED' | 'ALWAYS';
    dialect: 'STANDARD' | 'CATALOG' | 'CUSTOM';
}

export interface Sync {
    done: boolean;
    change: number;
    pending: number;
    failedMembers: number;
    heldMembers: number;
    failed: { type: 'account' | 'group'; name: string; errorClass?: string; error: string; held: boolean }[];
    quarantine?: {
        errorClass: string;
        cause?: string;
        action?: string;
        error: string;
        since: string;
        nextTry: string;
        failures: number;
    };
}
