// SPDX-License-Identifier: Apache-2.0
import '@patternfly/react-core/dist/styles/base.css';
import './app.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import { ApiError } from './api/client';
import { App } from './app/app';
import { SessionProvider } from './app/session';
import { startTheme } from './app/theme';
import { keepFocus } from './ui/focus';
import { ToastProvider } from './ui/toasts';

const STALE_MS = 10_000; // changes are told by the stream; this is for when it is interrupted

const client: QueryClient = new QueryClient({
    defaultOptions: {
        queries: {
            staleTime: STALE_MS,
            // What was refused is refused again; what did not get through may.
            retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
        },
        mutations: { onSettled: (): Promise<void> => client.invalidateQueries() },
    },
});

startTheme();
keepFocus();
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
    <StrictMode>
        <QueryClientProvider client={client}>
            <BrowserRouter>
                <SessionProvider>
                    <ToastProvider>
                        <App />
                    </ToastProvider>
                </SessionProvider>
            </BrowserRouter>
        </QueryClientProvider>
    </StrictMode>,
);
