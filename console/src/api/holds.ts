// SPDX-License-Identifier: Apache-2.0
// What deletion limits hold back (docs/api.md, Deletion limits).

export type DeletionKind = 'DEACTIVATION' | 'GROUP_DELETION' | 'REMOVAL';
export type HoldStatus = 'OPEN' | 'APPROVED' | 'REJECTED';

export interface DeletionHold {
    id: string;
    appId: string;
    appLabel: string;
    kind: DeletionKind;
    status: HoldStatus;
    reason: string;
    targetGroupId?: string;
    targetGroupName?: string;
    changes: number; // still wanted gone
    revision: number;
    opened: string;
    raisedAgain?: string;
    raised: number;
    decided?: string;
    decidedBy?: string;
}

export interface HeldChange {
    kind: DeletionKind;
    state: 'HELD' | 'REJECTED' | 'PROTECTED';
    userId?: string;
    login?: string;
    userName?: string;
    externalId?: string;
    targetGroupId?: string;
    targetGroupName?: string;
    since: string;
    reason?: { fact: string; since?: string; by?: string; eventId?: string };
}
