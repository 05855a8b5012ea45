// SPDX-License-Identifier: Apache-2.0
// How it goes: what was pushed and what failed, how long changes took, and how much of each app is in step.
import { Grid, GridItem, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router-dom';
import { Link } from 'react-router-dom';
import { get, type Page } from '../api/client';
import type { ActivityHour, AppInStep } from '../api/overview';
import { ChartCard, type Series } from '../ui/chart';
import { Shares, TimeBars, TimeLines, type Slot } from '../ui/chart-time';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';

const ACTIVITY = '/api/v1/overview/activity';
const HOUR_MS = 3_600_000;
const SPANS: [string, number, string][] = [
    ['24', 24, '24 hours'],
    ['168', 168, '7 days'],
];
const DAY_HOURS = 24;
const hourText = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayText = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric' });
const fullText = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const PUSHES: Series[] = [
    { name: 'Acknowledged', colour: 'good' },
    { name: 'Failed', colour: 'bad' },
];
const DELAYS: Series[] = [
    { name: 'Half of them within', colour: 'good' },
    { name: '95 of 100 within', colour: 'wait' },
];
const MEMBERS: Series[] = [
    { name: 'In step', colour: 'good' },
    { name: 'Waiting', colour: 'wait' },
    { name: 'Refused or held', colour: 'bad' },
];
const DELAY_TICKS: [number, string][] = [
    [100, '0.1 s'],
    [1000, '1 s'],
    [10_000, '10 s'],
    [60_000, '1 min'],
    [600_000, '10 min'],
    [HOUR_MS, '1 h'],
    [DAY_HOURS * HOUR_MS, '1 day'],
];

function duration(ms: number | null): string {
    if (ms === null) return '–';
    if (ms < 60_000) return `${(ms / 1000).toLocaleString()} s`;
    if (ms < HOUR_MS) return `${(ms / 60_000).toLocaleString()} min`;
    return `${(ms / HOUR_MS).toLocaleString()} h`;
}

function Span({ value, set }: { value: string; set: (value: string) => void }) {
    return (
        <ToggleGroup aria-label="Time that is shown" isCompact>
            {SPANS.map(([id, , text]) => (
                <ToggleGroupItem key={id} text={text} buttonId={`span-${id}`} isSelected={value === id} onChange={() => set(id)} />
            ))}
        </ToggleGroup>
    );
}

function slotsOf(hours: ActivityHour[], values: (hour: ActivityHour) => (number | null)[], title: (hour: ActivityHour) => string): Slot[] {
    return hours.map((each) => {
        const at = new Date(each.hour);
        return {
            key: each.hour,
            label: hours.length > DAY_HOURS ? dayText.format(at) : hourText.format(at),
            title: `${fullText.format(at)}: ${title(each)}`,
            values: values(each),
        };
    });
}

function Activity({ hours, span, set }: { hours: ActivityHour[]; span: string; set: (value: string) => void }) {
    const sum = (of: (hour: ActivityHour) => number) => hours.reduce((total, hour) => total + of(hour), 0);
    const pushed = sum(({ pushed: n }) => n);
    const failed = sum(({ failed: n }) => n);
    const counts = (hour: ActivityHour) => `${hour.pushed.toLocaleString()} acknowledged, ${hour.failed.toLocaleString()} failed`;
    const delays = (hour: ActivityHour) =>
        hour.medianMs === null ? 'nothing was brought in step' : `half within ${duration(hour.medianMs)}, 95 of 100 within ${duration(hour.mostMs)}`;
    const rows = [...hours].reverse();
    const slowest = Math.max(0, ...hours.map(({ mostMs }) => mostMs ?? 0));
    return (
        <>
            <GridItem xl={6}>
                <ChartCard
                    title="Pushes and failures"
                    text="Requests that changed something in an app, by the hour."
                    summary={`${pushed.toLocaleString()} acknowledged and ${failed.toLocaleString()} failed.`}
                    series={PUSHES}
                    table={{ head: ['Hour', 'Acknowledged', 'Failed'], rows: rows.map((hour) => [fullText.format(new Date(hour.hour)), hour.pushed, hour.failed]) }}
                    actions={<Span value={span} set={set} />}
                >
                    <TimeBars slots={slotsOf(hours, (hour) => [hour.pushed, hour.failed], counts)} series={PUSHES} />
                </ChartCard>
            </GridItem>
            <GridItem xl={6}>
                <ChartCard
                    title="From change to app"
                    text="How long it took until the app had acknowledged a change."
                    summary={slowest ? `In the slowest hour 95 of 100 changes took at most ${duration(slowest)}.` : 'Nothing was brought in step in this time.'}
                    series={DELAYS}
                    table={{
                        head: ['Hour', 'Brought in step', 'Half of them within', '95 of 100 within'],
                        rows: rows.map((hour) => [fullText.format(new Date(hour.hour)), hour.inStep, duration(hour.medianMs), duration(hour.mostMs)]),
                    }}
                >
                    <TimeLines
                        slots={slotsOf(hours, (hour) => [hour.medianMs, hour.mostMs], delays)}
                        series={DELAYS}
                        ticks={DELAY_TICKS.map(([at, text]) => ({ at, text }))}
                    />
                </ChartCard>
            </GridItem>
        </>
    );
}

function numbersOf(app: AppInStep): string {
    const all = app.inStep + app.waiting + app.refused;
    const least = app.complete ? '' : 'at least ';
    return `${least}${app.inStep.toLocaleString()} of ${all.toLocaleString()} in step`;
}

function Members({ apps }: { apps: Page<AppInStep> }) {
    const rows = apps.items;
    const out = rows.filter((app) => app.waiting + app.refused > 0).length;
    return (
        <ChartCard
            title="Members in step"
            role="figure"
            text={apps.next ? `Of the groups that are pushed to the first ${rows.length} apps.` : 'Of the groups that are pushed to each app.'}
            summary={out === 0 ? 'All members are in step.' : `${out} of ${rows.length} apps have members that are not in step.`}
            series={MEMBERS}
            table={{
                head: ['App', 'Groups', 'In step', 'Waiting', 'Refused or held'],
                rows: rows.map((app) => [app.appLabel, app.groups, app.inStep, app.waiting, app.refused]),
            }}
        >
            <Shares
                rows={rows.map((app) => ({
                    key: app.appId,
                    label: <Link to={`/applications/${app.appId}/push-groups`}>{app.appLabel}</Link>,
                    values: [app.inStep, app.waiting, app.refused],
                    text: numbersOf(app),
                }))}
                series={MEMBERS}
            />
        </ChartCard>
    );
}

export default function Charts({ apps }: { apps: Page<AppInStep> }) {
    const [params, setParams] = useSearchParams();
    const span = SPANS.find(([id]) => id === params.get('hours'))?.[0] ?? '24';
    const { data, error, refetch } = useQuery({
        queryKey: [ACTIVITY, span],
        queryFn: ({ signal }) => get<ActivityHour[]>(ACTIVITY, { hours: span }, signal),
        placeholderData: keepPreviousData,
        meta: { calm: true },
    });
    return (
        <Grid hasGutter>
            {error && (
                <GridItem>
                    <ErrorAlert error={error} title="What went on cannot be shown" retry={() => void refetch()} />
                </GridItem>
            )}
            {!data && !error && (
                <GridItem>
                    <Loading what="what went on" />
                </GridItem>
            )}
            {data && <Activity hours={data} span={span} set={(hours) => setParams({ hours }, { replace: true })} />}
            <GridItem>
                <Members apps={apps} />
            </GridItem>
        </Grid>
    );
}
