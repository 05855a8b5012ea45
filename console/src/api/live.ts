// SPDX-License-Identifier: Apache-2.0
// What is on the screen is read anew when the server says that something was committed.
import type { Query, QueryClient } from '@tanstack/react-query';
import { url } from './client';

const PAUSE_MS = 150; // several commits of one act are one refresh
const CALM_MS = 3000; // what sums much up is read anew at most so often: queries with meta.calm
const AGAIN_MS = 5000; // after an answer that ended the stream for good: the browser asks no more by itself

const isCalm = (query: Query) => query.meta?.['calm'] === true;

// From `position` of the stream until the returned function is called. Queries that nobody looks at are only marked.
export function followChanges(client: QueryClient, position?: string): () => void {
    let source: EventSource | undefined;
    let refreshing: number | undefined;
    let calm: number | undefined;
    let again: number | undefined;
    const refresh = () => {
        window.clearTimeout(refreshing);
        refreshing = window.setTimeout(() => void client.invalidateQueries({ predicate: (query) => !isCalm(query) }), PAUSE_MS);
        calm ??= window.setTimeout(() => {
            calm = undefined;
            void client.invalidateQueries({ predicate: isCalm });
        }, CALM_MS);
    };
    const open = (after?: string) => {
        source = new EventSource(url('/api/v1/stream', { after }));
        source.addEventListener('change', refresh);
        source.addEventListener('error', () => {
            if (source?.readyState !== EventSource.CLOSED) return;
            again = window.setTimeout(() => {
                refresh();
                open();
            }, AGAIN_MS);
        });
    };
    open(position);
    return () => {
        window.clearTimeout(refreshing);
        window.clearTimeout(calm);
        window.clearTimeout(again);
        source?.close();
    };
}
