// SPDX-License-Identifier: Apache-2.0
import { Bullseye, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Spinner } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { usePageTitle } from './page';

export function Loading({ what }: { what: string }) {
    return (
        <Bullseye>
            <Spinner aria-label={`Loading ${what}`} />
        </Bullseye>
    );
}

export function Nothing({
    title,
    level = 'h2',
    children,
    action,
}: {
    title: string;
    level?: 'h1' | 'h2' | 'h3'; // h1 where it is all that the page has to say
    children?: ReactNode;
    action?: ReactNode;
}) {
    usePageTitle(level === 'h1' ? title : null);
    return (
        <EmptyState titleText={title} headingLevel={level} variant="sm">
            {children && <EmptyStateBody>{children}</EmptyStateBody>}
            {action && (
                <EmptyStateFooter>
                    <EmptyStateActions>{action}</EmptyStateActions>
                </EmptyStateFooter>
            )}
        </EmptyState>
    );
}
