// SPDX-License-Identifier: Apache-2.0
// One request to an app and what it answered, as the journal has them: values are redacted by the server.
import { DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import type { Attempt } from '../api/types';

export function Row({ term, children }: { term: string; children: ReactNode }) {
    return (
        <DescriptionListGroup>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription className="muster-break">{children}</DescriptionListDescription>
        </DescriptionListGroup>
    );
}

function pretty(body: string): string {
    try {
        return JSON.stringify(JSON.parse(body), null, 2);
    } catch {
        return body;
    }
}

export function answerOf(attempt: Attempt): string {
    return attempt.status ? `HTTP ${attempt.status}` : 'none';
}

// Rows of a DescriptionList.
export function Exchange({ attempt }: { attempt: Attempt }) {
    return (
        <>
            <Row term="Request">
                <code>
                    {attempt.method} {attempt.path}
                </code>
                {attempt.request && (
                    <pre className="muster-code" tabIndex={0} aria-label="Body of the request">
                        {pretty(attempt.request)}
                    </pre>
                )}
            </Row>
            <Row term="Answer">
                {answerOf(attempt)}, after {attempt.durationMs.toLocaleString()} ms
                {attempt.answer && (
                    <pre className="muster-code" tabIndex={0} aria-label="Body of the answer">
                        {pretty(attempt.answer)}
                    </pre>
                )}
            </Row>
        </>
    );
}
