// SPDX-License-Identifier: Apache-2.0
import type { GroupSeparation } from '../api/separations';

export const SEPARATION_STATES: Record<GroupSeparation['status'], [string, 'blue' | 'green' | 'grey' | 'red' | 'orange']> = {
    RUNNING: ['Going on', 'blue'],
    DONE: ['Done', 'green'],
    UNDOING: ['Being taken back', 'orange'],
    UNDONE: ['Taken back', 'grey'],
    FAILED: ['Failed', 'red'],
};
