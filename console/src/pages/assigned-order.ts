// SPDX-License-Identifier: Apache-2.0
// The order of all groups that have an app, not only of those on the screen.
import { change, list } from '../api/client';
import type { App, AppGroup } from '../api/types';

const PAGE_GROUPS = 200;

// A group goes one place up (-1) or down (1), or to the place of another one.
export type Move = { id: string; step: -1 | 1 } | { id: string; to: string };

async function everyGroup(app: App): Promise<AppGroup[]> {
    const all: AppGroup[] = [];
    let after: string | null = null;
    do {
        const page: { items: AppGroup[]; next: string | null } = await list<AppGroup>(`/api/v1/apps/${app.id}/groups`, { limit: PAGE_GROUPS, after });
        all.push(...page.items);
        after = page.next;
    } while (after);
    return all.sort((a, b) => a.priority - b.priority);
}

export async function reorder(app: App, move: Move): Promise<void> {
    const ids = (await everyGroup(app)).map(({ id }) => id);
    const from = ids.indexOf(move.id);
    const to = 'to' in move ? ids.indexOf(move.to) : from + move.step;
    if (from < 0 || to < 0 || to >= ids.length) return;
    ids.splice(from, 1);
    ids.splice(to, 0, move.id);
    await change('PUT', `/api/v1/apps/${app.id}/assignments/priorities`, { groupIds: ids });
}
