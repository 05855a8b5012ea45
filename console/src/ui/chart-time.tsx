// SPDX-License-Identifier: Apache-2.0
// Drawings over the hours: bars that stand on each other, and lines. Each hour tells its numbers when one points at it.
import { scaleBand, scaleLinear, scaleLog } from 'd3-scale';
import { line, stack } from 'd3-shape';
import type { ReactNode } from 'react';
import { useWidth, type Series } from './chart';

const HEIGHT = 200;
const LEFT = 48;
const BOTTOM = 24;
const TOP = 8;
const LABEL_PIXELS = 110; // that a label below needs

export interface Slot {
    key: string;
    label: string; // below, where there is room
    title: string; // all of it, in words
    values: (number | null)[]; // one of each series
}

function Frame({
    slots,
    ticks,
    children,
}: {
    slots: Slot[];
    ticks: (width: number) => { at: number; text: string }[];
    children: (x: (key: string) => number, band: number, width: number) => ReactNode;
}) {
    const [ref, width] = useWidth();
    const x = scaleBand(slots.map(({ key }) => key), [LEFT, Math.max(width, LEFT + 1)]).paddingInner(0.2);
    const every = Math.max(1, Math.ceil((slots.length * LABEL_PIXELS) / Math.max(width - LEFT, 1)));
    const left = (key: string) => x(key) ?? LEFT;
    return (
        <div ref={ref}>
            {width > 0 && (
                <svg width={width} height={HEIGHT} aria-hidden className="muster-drawing">
                    {ticks(width).map(({ at, text }) => (
                        <g key={text}>
                            <line x1={LEFT} x2={width} y1={at} y2={at} className="muster-grid" />
                            <text x={LEFT - 6} y={at} dy="0.32em" textAnchor="end">
                                {text}
                            </text>
                        </g>
                    ))}
                    {slots.map(({ key, label }, i) =>
                        (slots.length - 1 - i) % every === 0 ? (
                            <text key={key} x={left(key) + x.bandwidth() / 2} y={HEIGHT - 6} textAnchor={i === slots.length - 1 ? 'end' : 'middle'}>
                                {label}
                            </text>
                        ) : null,
                    )}
                    {children(left, x.bandwidth(), width)}
                    {slots.map(({ key, title }) => (
                        <rect key={key} x={left(key)} y={TOP} width={x.bandwidth()} height={HEIGHT - BOTTOM - TOP} className="muster-hit">
                            <title>{title}</title>
                        </rect>
                    ))}
                </svg>
            )}
        </div>
    );
}

export function TimeBars({ slots, series }: { slots: Slot[]; series: Series[] }) {
    const most = Math.max(1, ...slots.map(({ values }) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0)));
    const y = scaleLinear([0, most], [HEIGHT - BOTTOM, TOP]).nice(4);
    const whole = y.ticks(4).filter(Number.isInteger);
    const stacked = stack<Slot, number>()
        .keys(series.map((_each, i) => i))
        .value((slot, i) => slot.values[i] ?? 0)(slots);
    return (
        <Frame slots={slots} ticks={() => whole.map((tick) => ({ at: y(tick), text: tick.toLocaleString() }))}>
            {(x, band) =>
                stacked.map((layer, i) => (
                    <g key={series[i]?.name} className={`muster-${series[i]?.colour}`}>
                        {layer.map((part) =>
                            part[1] > part[0] ? (
                                <rect key={part.data.key} x={x(part.data.key)} width={Math.max(band, 1)} y={Math.min(y(part[1]), y(part[0]) - 2)} height={Math.max(y(part[0]) - y(part[1]), 2)} />
                            ) : null,
                        )}
                    </g>
                ))
            }
        </Frame>
    );
}

// On a scale by powers, since a wait for a mended app is thousands of times as long as a push.
export function TimeLines({ slots, series, ticks }: { slots: Slot[]; series: Series[]; ticks: { at: number; text: string }[] }) {
    const all = slots.flatMap(({ values }) => values.filter((value): value is number => value !== null));
    const low = ticks[0]?.at ?? 1;
    const high = ticks.find(({ at }) => at >= Math.max(low * 10, ...all))?.at ?? ticks[ticks.length - 1]?.at ?? 10;
    const y = scaleLog([low, high], [HEIGHT - BOTTOM, TOP]).clamp(true);
    return (
        <Frame slots={slots} ticks={() => ticks.filter(({ at }) => at <= high).map(({ at, text }) => ({ at: y(at), text }))}>
            {(x, band) =>
                series.map(({ name, colour }, i) => {
                    const path = line<Slot>()
                        .defined((slot) => slot.values[i] !== null && slot.values[i] !== undefined)
                        .x((slot) => x(slot.key) + band / 2)
                        .y((slot) => y(slot.values[i] ?? low));
                    return (
                        <g key={name} className={`muster-line muster-${colour}`}>
                            <path d={path(slots) ?? ''} strokeDasharray={i > 0 ? '6 3' : undefined} />
                            {slots.map((slot) => {
                                const value = slot.values[i];
                                return value === null || value === undefined ? null : <circle key={slot.key} cx={x(slot.key) + band / 2} cy={y(value)} r={3} />;
                            })}
                        </g>
                    );
                })
            }
        </Frame>
    );
}

// A bar for each row, all of the same length: which part of it is what.
export function Shares({ rows, series }: { rows: { key: string; label: ReactNode; values: number[]; text: string }[]; series: Series[] }) {
    return (
        <div className="muster-shares">
            {rows.map(({ key, label, values, text }) => {
                const sum = values.reduce((a, b) => a + b, 0);
                return (
                    <div key={key}>
                        <div className="muster-share-head">
                            <span className="muster-break">{label}</span>
                            <span className="muster-subtle">{text}</span>
                        </div>
                        <div className="muster-share" title={text}>
                            {values.map((value, i) =>
                                value > 0 ? <span key={series[i]?.name} className={`muster-${series[i]?.colour}`} style={{ flexGrow: value / sum }} /> : null,
                            )}
                        </div>
                    </div>
                );
            })}
        </div>
    );
}
