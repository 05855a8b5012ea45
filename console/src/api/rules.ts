// SPDX-License-Identifier: Apache-2.0
export type RuleStatus = 'ACTIVE' | 'INACTIVE' | 'INVALID';

export interface GroupRule {
    id: string;
    name: string;
    status: RuleStatus;
    created: string;
    lastUpdated: string;
    conditions: {
        people: { users: { exclude: string[] }; groups: { exclude: string[] } };
        expression: { value: string; type: string };
    };
    actions: { assignUserToGroups: { groupIds: string[] } };
    allGroupsValid: boolean;
    evaluated: boolean; // false while an activation goes through everybody
    _embedded?: { groupIdToGroupNameMap?: Record<string, string> };
}

export interface RulePreview {
    users: { id: string; login: string; name: string; status: string }[];
    looked: number;
    matched: number;
    failed: number;
    complete: boolean;
}

export const RULES = '/api/v1/groups/rules';
// As published.
export const RULE_GROUPS_MAX = 100;
export const RULE_EXCLUDED_MAX = 100;
