// SPDX-License-Identifier: Apache-2.0
// What was done, said once in the corner; failures of what has no form stay until they are closed.
import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { ApiError } from '../api/client';

interface Toast {
    key: number;
    variant: 'success' | 'danger';
    title: string;
    detail: string[];
}

interface Toasts {
    done(title: string): void;
    failed(title: string, error: unknown): void;
}

const Context = createContext<Toasts | null>(null);
const SHOWN_MS = 6000;
let last = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
    const [toasts, setToasts] = useState<Toast[]>([]);
    const close = useCallback((key: number) => setToasts((all) => all.filter((toast) => toast.key !== key)), []);
    // Of what was done only the newest is told: it is what somebody waits for.
    const add = useCallback((toast: Omit<Toast, 'key'>) => {
        const key = ++last;
        setToasts((all) => [...all.filter(({ variant }) => variant === 'danger'), { ...toast, key }]);
    }, []);
    const value = useMemo<Toasts>(
        () => ({
            done: (title) => add({ variant: 'success', title, detail: [] }),
            failed: (title, error) =>
                add({
                    variant: 'danger',
                    title,
                    detail: [
                        error instanceof Error ? error.message : String(error),
                        ...(error instanceof ApiError ? error.causes : []),
                    ],
                }),
        }),
        [add],
    );
    return (
        <Context.Provider value={value}>
            {children}
            <AlertGroup isToast isLiveRegion className="muster-toasts" aria-label="Messages">
                {toasts.map((toast) => (
                    <Alert
                        key={toast.key}
                        variant={toast.variant}
                        title={toast.title}
                        timeout={toast.variant === 'success' ? SHOWN_MS : false}
                        onTimeout={() => close(toast.key)}
                        actionClose={<AlertActionCloseButton title={toast.title} onClose={() => close(toast.key)} />}
                    >
                        {toast.detail.map((line) => (
                            <p key={line} className="muster-break">
                                {line}
                            </p>
                        ))}
                    </Alert>
                ))}
            </AlertGroup>
        </Context.Provider>
    );
}

export function useToasts(): Toasts {
    const value = useContext(Context);
    if (!value) throw new Error('useToasts() outside of ToastProvider');
    return value;
}
