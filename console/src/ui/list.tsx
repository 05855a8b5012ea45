// SPDX-License-Identifier: Apache-2.0
// Lists that the server pages and searches. Search and page stand in the address, so that a list can be linked to and
// left and found again. Cursors only lead on, so the way back is kept with each address.
import { Button, SearchInput } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router-dom';
import { list, type Page } from '../api/client';
import { ActButton } from './act-button';
import { ErrorAlert } from './errors';
import { Loading } from './states';

export const PAGE_ROWS = 50;
const TYPING_MS = 250;

export interface ListState<T> {
    page: Page<T> | undefined;
    error: Error | null;
    loading: boolean;
    stale: boolean; // of the search or page before
    narrowed: boolean; // by a search or filter, so that empty does not mean that there is nothing
    refetch: () => void;
}

// The list at `path`, narrowed by `query` and by the address' q; `after` there is the page.
export function useList<T>(path: string, query: Record<string, string | undefined> = {}, limit = PAGE_ROWS): ListState<T> {
    const [params] = useSearchParams();
    const all = { limit, ...query, after: params.get('after') };
    const { data, error, isLoading, isPlaceholderData, refetch } = useQuery({
        queryKey: [path, all],
        queryFn: ({ signal }) => list<T>(path, all, signal),
        placeholderData: keepPreviousData,
    });
    const narrowed = params.has('q') || params.has('filter') || params.has('after');
    return { page: data, error, loading: isLoading, stale: isPlaceholderData, narrowed, refetch: () => void refetch() };
}

// Changes parts of the address; another search begins at its first page, a dialog leaves the page as it is. Null takes a
// part away.
export function useSetParams(): (change: Record<string, string | null>) => void {
    const [, setParams] = useSearchParams();
    return (change) =>
        setParams(
            (before) => {
                const params = new URLSearchParams(before);
                if (!('info' in change)) params.delete('after');
                for (const [name, value] of Object.entries(change)) {
                    if (value) params.set(name, value);
                    else params.delete(name);
                }
                return params;
            },
            { replace: 'q' in change },
        );
}

// Searches as one types.
export function Search({ label, placeholder }: { label: string; placeholder?: string }) {
    const [params] = useSearchParams();
    const set = useSetParams();
    const shown = params.get('q') ?? '';
    const [text, setText] = useState(shown);
    const timer = useRef<number>();
    // As the address is when the text has settled: a filter may have been chosen meanwhile.
    const latest = useRef(set);
    useEffect(() => {
        latest.current = set;
    });
    // What this field put into the address itself may be less than what stands in it by now.
    const asked = useRef(shown);
    useEffect(() => {
        if (shown === asked.current) return;
        asked.current = shown;
        setText(shown);
    }, [shown]);
    useEffect(() => () => window.clearTimeout(timer.current), []);
    const type = (value: string) => {
        setText(value);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
            asked.current = value;
            latest.current({ q: value || null });
        }, TYPING_MS);
    };
    return (
        <SearchInput
            aria-label={label}
            placeholder={placeholder ?? label}
            value={text}
            onChange={(_event, value) => type(value)}
            onClear={() => {
                window.clearTimeout(timer.current);
                setText('');
                asked.current = '';
                set({ q: null });
            }}
        />
    );
}

export function Pager({ next, what }: { next: string | null; what: string }) {
    const [params, setParams] = useSearchParams();
    const location = useLocation();
    const navigate = useNavigate();
    const after = params.get('after');
    const depth = (location.state as { depth?: number } | null)?.depth ?? 0;
    if (!after && !next) return null;
    const go = (cursor: string | null, to: number) => {
        const changed = new URLSearchParams(params);
        if (cursor) changed.set('after', cursor);
        else changed.delete('after');
        setParams(changed, { state: { depth: to } });
    };
    return (
        <nav className="muster-pager" aria-label={`Pages of ${what}`}>
            <ActButton variant="secondary" isDisabled={!after} onClick={() => go(null, 0)}>
                First page
            </ActButton>
            {depth > 0 && (
                <Button variant="secondary" onClick={() => navigate(-1)}>
                    Previous
                </Button>
            )}
            <ActButton variant="secondary" isDisabled={!next} onClick={() => go(next, depth + 1)}>
                Next
            </ActButton>
        </nav>
    );
}

// Loading, failed, empty, or the rows.
export function ListBody<T>({
    state,
    what,
    empty,
    children,
}: {
    state: ListState<T>;
    what: string; // "applications"
    empty: ReactNode; // what to show when there is nothing at all, or nothing that matches
    children: (rows: T[]) => ReactNode;
}) {
    if (state.error) return <ErrorAlert error={state.error} title={`The ${what} cannot be shown`} retry={state.refetch} />;
    if (state.loading || !state.page) return <Loading what={what} />;
    return (
        <div aria-busy={state.stale}>
            {state.page.items.length === 0 ? empty : <div className="muster-scroll-x">{children(state.page.items)}</div>}
            <Pager next={state.page.next} what={what} />
        </div>
    );
}
