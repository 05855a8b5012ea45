// SPDX-License-Identifier: Apache-2.0
// How far long work is: an import, a scan, a separation, a rule that looks at everybody. The work is the server's: it goes
// on when the page is left, and whoever comes back, or somebody else, finds it as it is then. A page draws this from what
// the API says of the work; the event stream has it read anew.
import { Alert, Flex, FlexItem, Progress, ProgressMeasureLocation, Spinner } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Time } from './time';

export type WorkState = 'waiting' | 'running' | 'held' | 'done' | 'failed' | 'cancelled';

export interface Work {
    title: string; // "Import from My tool"
    state: WorkState;
    step?: string; // what goes on now: "Reading users"
    done?: number; // of the step
    total?: number | null; // of the step; null or absent: not known
    unit?: string; // "users"
    since?: string | null; // when it began, or was asked for
    reason?: string | null; // why it waits, is held or failed
}

export function isOver(state: WorkState): boolean {
    return state === 'done' || state === 'failed' || state === 'cancelled';
}

const VARIANTS: Record<WorkState, 'info' | 'warning' | 'success' | 'danger'> = {
    waiting: 'info',
    running: 'info',
    held: 'warning',
    done: 'success',
    failed: 'danger',
    cancelled: 'info',
};

function counted({ done = 0, total, unit = '' }: Work): string {
    const of = total ? ` of ${total.toLocaleString()}` : '';
    return `${done.toLocaleString()}${of} ${unit}`.trim();
}

// What nobody knows the end of turns; else there is a bar. More than was announced is as much as was announced.
function Measure({ work }: { work: Work }) {
    const text = counted(work);
    const label = `${work.title}: ${text}`;
    if (!work.total)
        return (
            <Flex alignItems={{ default: 'alignItemsCenter' }} spaceItems={{ default: 'spaceItemsSm' }}>
                <FlexItem>
                    <Spinner size="md" aria-label={work.title} />
                </FlexItem>
                {work.done !== undefined && <FlexItem>{text}</FlexItem>}
            </Flex>
        );
    const done = Math.min(work.done ?? 0, work.total);
    return (
        <Progress
            aria-label={label}
            value={done}
            max={work.total}
            valueText={text}
            label={text}
            size="sm"
            measureLocation={ProgressMeasureLocation.top}
        />
    );
}

// `children`: what may be done about it, as buttons, or what came of it.
export function WorkProgress({ work, children }: { work: Work; children?: ReactNode }) {
    const over = isOver(work.state);
    return (
        <Alert variant={VARIANTS[work.state]} isInline component="p" title={work.title}>
            {/* Said as it changes from step to step, not for every count. */}
            <p role="status" className="muster-break">
                {work.step}
                {work.step && work.reason ? ': ' : ''}
                {work.reason}
            </p>
            {(work.state === 'running' || work.state === 'waiting') && <Measure work={work} />}
            {!over && (
                <p className="muster-subtle">
                    {work.since && (
                        <>
                            Since <Time iso={work.since} />.{' '}
                        </>
                    )}
                    It goes on when you leave this page.
                </p>
            )}
            {children}
        </Alert>
    );
}
