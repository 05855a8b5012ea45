// SPDX-License-Identifier: Apache-2.0
// Who is signed in, for every page.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, type ReactNode } from 'react';
import { ApiError, change, get, setCsrf, setOnSignedOut } from '../api/client';
import { followChanges } from '../api/live';
import type { Role, Session } from '../api/types';

interface SessionState {
    session: Session | null;
    loading: boolean;
    error: Error | null;
    begin(session: Session): void;
    end(): Promise<void>;
}

const Context = createContext<SessionState | null>(null);
const KEY = ['session'];
const RANK: Record<Role, number> = { READ_ONLY: 0, OPERATOR: 1, ADMIN: 2 };

async function readSession(): Promise<Session | null> {
    try {
        const session = await get<Session>('/api/v1/session');
        setCsrf(session.csrf);
        return session;
    } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
    }
}

export function SessionProvider({ children }: { children: ReactNode }) {
    const client = useQueryClient();
    const { data, isLoading, error } = useQuery({ queryKey: KEY, queryFn: readSession, staleTime: 60_000, retry: 1 });
    const session = data ?? null;
    const signedIn = session !== null;

    const forget = useCallback(() => {
        setCsrf(null);
        client.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
        client.setQueryData(KEY, null);
    }, [client]);

    useEffect(() => {
        setOnSignedOut(forget);
    }, [forget]);
    // What is on the page was read after the session was: the stream goes on from there.
    useEffect(
        () => (signedIn ? followChanges(client, client.getQueryData<Session>(KEY)?.stream) : undefined),
        [client, signedIn],
    );

    const value = useMemo<SessionState>(
        () => ({
            session,
            loading: isLoading,
            error,
            begin(begun) {
                // An answer from before, which is still on its way, says that nobody is signed in.
                void client.cancelQueries({ queryKey: KEY });
                setCsrf(begun.csrf);
                client.setQueryData(KEY, begun);
            },
            async end() {
                await change('DELETE', '/api/v1/session');
                forget();
            },
        }),
        [session, isLoading, error, client, forget],
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
