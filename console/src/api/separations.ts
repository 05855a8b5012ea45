// SPDX-License-Identifier: Apache-2.0
// One group for assignment and push, and how it becomes two (docs/api.md).

export interface SameGroup {
    appId: string;
    appLabel: string;
    groupId: string;
    groupName: string;
    mappingId: string;
    meaning: string;
}

export type Solution = 'ASSIGNMENT' | 'PUSH';
export type Feeding = 'CARRY_OVER' | 'COPY_ONCE';

export interface GroupSeparation {
    id: string;
    appId: string;
    appLabel: string;
    status: 'RUNNING' | 'DONE' | 'UNDOING' | 'UNDONE' | 'FAILED';
    step: string;
    solution: Solution;
    rules: Feeding;
    group?: { id: string; name: string };
    newGroup?: { id: string; name: string };
    copied: number;
    error?: string;
    created: string;
    ended?: string;
}

export interface SeparationPlan {
    steps: string[];
    members: { total: number; copied: number; byRules: number; leftOut: number };
    leftOut: { userId: string; login: string; status: string }[];
    groupRules: { id: string; name: string; status: string }[];
    assignment?: { priority: number; profile: Record<string, unknown> };
    mapping?: { mappingId: string };
    target: {
        activations: number;
        deactivations: number;
        additions: number;
        removals: number;
        profileChanges: number;
        waitingAlready: number;
    };
}
