// SPDX-License-Identifier: Apache-2.0
// Times in the viewer's zone; how long ago, with the exact time when one points at it or asks for its title.
import { useEffect, useState } from 'react';

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
];
const RELATIVE_S = 7 * 86_400; // seconds; what is further away is given as a date
const TICK_MS = 30_000;

export function describeTime(ms: number, now: number): string {
    const seconds = (ms - now) / 1000;
    if (Math.abs(seconds) > RELATIVE_S) return day.format(ms);
    for (const [unit, size] of UNITS) {
        if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
    }
    return Math.abs(seconds) < 5 ? 'now' : relative.format(Math.trunc(seconds), 'second');
}

export function exactTime(iso: string): string {
    return exact.format(new Date(iso));
}

export function Time({ iso, none = 'never' }: { iso?: string | null; none?: string }) {
    const [now, setNow] = useState(Date.now);
    useEffect(() => {
        const timer = window.setInterval(() => setNow(Date.now()), TICK_MS);
        return () => window.clearInterval(timer);
    }, []);
    if (!iso) return <>{none}</>;
    // What just came is newer than the last tick.
    return (
        <time dateTime={iso} title={exactTime(iso)}>
            {describeTime(Date.parse(iso), Math.max(now, Math.min(Date.now(), Date.parse(iso))))}
        </time>
    );
}
