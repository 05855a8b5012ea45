// SPDX-License-Identifier: Apache-2.0
// Failures as the API words them.
import { Alert, AlertActionLink, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import { ApiError } from '../api/client';

// `fields`: what a form shows beside its fields and need not be said again.
export function ErrorAlert({
    error,
    title,
    fields = [],
    retry,
}: {
    error: unknown;
    title: string;
    fields?: readonly string[];
    retry?: () => void;
}) {
    if (!error) return null;
    const causes = error instanceof ApiError ? error.without(fields) : [];
    const summary = error instanceof Error ? error.message : String(error);
    return (
        <Alert
            variant="danger"
            isInline
            component="p"
            title={title}
            actionLinks={retry && <AlertActionLink onClick={retry}>Try again</AlertActionLink>}
        >
            <p className="muster-break">{summary}</p>
            {causes.map((cause) => (
                <p key={cause} className="muster-break">
                    {cause}
                </p>
            ))}
            {error instanceof ApiError && error.id && <p>Error id: {error.id}</p>}
        </Alert>
    );
}

// Below a field: what the API said of it, else the help.
export function FieldHelp({ error, field, id, children }: { error?: unknown; field?: string; id?: string; children?: string }) {
    const message = error instanceof ApiError && field ? error.fields[field] : undefined;
    if (!message && !children) return null;
    return (
        <FormHelperText>
            <HelperText id={id} isLiveRegion={Boolean(message)}>
                <HelperTextItem variant={message ? 'error' : 'default'}>{message ?? children}</HelperTextItem>
            </HelperText>
        </FormHelperText>
    );
}

export function isWrong(error: unknown, field: string): boolean {
    return error instanceof ApiError && error.fields[field] !== undefined;
}
