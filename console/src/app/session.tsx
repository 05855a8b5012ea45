// SPDX-License-Identifier: Apache-2.0
// Who is signed in, for every page and every tab. A session that ends by itself leaves the page as it is: one signs in over it.
import { useQuery, useQueryClient, type Query } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { ApiError, change, get, setCsrf, setOnSignedOut } from '../api/client';
import { followChanges } from '../api/live';
import type { Role, Session } from '../api/types';

interface SessionState {
    session: Session | null;
    ended: boolean; // by itself, on a page that is still shown
    loading: boolean;
    error: Error | null;
    begin(session: Session): void;
    leave(): void; // after it has ended
    end(): Promise<void>;
}

const Context = createContext<SessionState | null>(null);
const KEY = ['session'];
const RANK: Record<Role, number> = { READ_ONLY: 0, OPERATOR: 1, ADMIN: 2 };
// Tells the other tabs that somebody signed in or out here; they have the same cookie.
const tabs = new BroadcastChannel('muster.session');

async function readSession(): Promise<Session | null> {
    try {
        return await get<Session>('/api/v1/session');
    } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
    }
}

export function SessionProvider({ children }: { children: ReactNode }) {
    const client = useQueryClient();
    const { data, isLoading, error } = useQuery({
        queryKey: KEY,
        queryFn: async () => {
            const read = await readSession();
            const before = client.getQueryData<Session>(KEY);
            if (read) setCsrf(read.csrf);
            else if (before) setEnded(true);
            return read ?? before ?? null;
        },
        staleTime: Infinity, // that it has ended is said by whatever is asked next, and by the other tabs
        retry: 1,
    });
    const session = data ?? null;
    const [ended, setEnded] = useState(false);
    const waiting = useRef<((again: boolean) => void)[]>([]);
    const follows = session !== null && !ended;

    const settle = useCallback((again: boolean) => {
        setEnded(false);
        for (const go of waiting.current.splice(0)) go(again);
    }, []);
    const leave = useCallback(() => {
        setCsrf(null);
        client.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
        client.setQueryData(KEY, null);
        settle(false);
    }, [client, settle]);
    // What somebody else saw and began is not theirs.
    const enter = useCallback(
        (begun: Session) => {
            const same = client.getQueryData<Session>(KEY)?.id === begun.id;
            // An answer from before, which is still on its way, says that nobody is signed in.
            void client.cancelQueries({ queryKey: KEY });
            setCsrf(begun.csrf);
            client.setQueryData(KEY, begun);
            settle(same);
            const predicate = (query: Query) => query.queryKey[0] !== KEY[0];
            void (same ? client.invalidateQueries({ predicate }) : client.resetQueries({ predicate }));
        },
        [client, settle],
    );

    useEffect(() => {
        setOnSignedOut(() => {
            if (!client.getQueryData<Session>(KEY)) return Promise.resolve(false);
            setEnded(true);
            return new Promise((resolve) => waiting.current.push(resolve));
        });
    }, [client]);
    useEffect(() => {
        const hear = ({ data: said }: MessageEvent<'in' | 'out'>) => {
            if (said === 'out') leave();
            else void readSession().then((begun) => begun && enter(begun), () => undefined);
        };
        tabs.addEventListener('message', hear);
        return () => tabs.removeEventListener('message', hear);
    }, [leave, enter]);
    // What is on the page was read after the session was: the stream goes on from there.
    useEffect(
        () => (follows ? followChanges(client, client.getQueryData<Session>(KEY)?.stream) : undefined),
        [client, follows],
    );

    const value = useMemo<SessionState>(
        () => ({
            session,
            ended,
            loading: isLoading,
            error,
            begin(begun) {
                enter(begun);
                tabs.postMessage('in');
            },
            leave,
            async end() {
                await change('DELETE', '/api/v1/session');
                leave();
                tabs.postMessage('out');
            },
        }),
        [session, ended, isLoading, error, enter, leave],
    );
    return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useSession(): SessionState {
    const value = useContext(Context);
    if (!value) throw new Error('useSession() outside of SessionProvider');
    return value;
}

// May whoever is signed in do what needs this role? Buttons that would be refused are not shown.
export function useMay(role: Role): boolean {
    const { session } = useSession();
    return session !== null && RANK[session.role] >= RANK[role];
}
