// SPDX-License-Identifier: Apache-2.0
import type { DeletionHold, DeletionKind, HoldStatus } from '../api/holds';

export const HOLD_STATES: Record<HoldStatus, [string, 'orange' | 'green' | 'grey']> = {
    OPEN: ['Held', 'orange'],
    APPROVED: ['Approved', 'green'],
    REJECTED: ['Rejected', 'grey'],
};

const WHAT: Record<DeletionKind, [string, string]> = {
    DEACTIVATION: ['account to deactivate', 'accounts to deactivate'],
    GROUP_DELETION: ['group to delete', 'groups to delete'],
    REMOVAL: ['membership to remove', 'memberships to remove'],
};

// "12 memberships to remove from Engineering"
export function inWords({ kind, changes, targetGroupName }: Pick<DeletionHold, 'kind' | 'changes' | 'targetGroupName'>): string {
    const what = WHAT[kind][changes === 1 ? 0 : 1];
    return `${changes.toLocaleString()} ${what}${targetGroupName ? ` from ${targetGroupName}` : ''}`;
}
