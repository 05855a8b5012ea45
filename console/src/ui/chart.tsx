// SPDX-License-Identifier: Apache-2.0
// Charts that tell the same as a table: drawn by hand of d3's scales and shapes, in the colours of the theme, and with the
// table itself for whoever wants it.
import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useId, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import './chart.css';

export interface Series {
    name: string;
    colour: 'good' | 'wait' | 'bad';
}

export interface TableOf {
    head: string[];
    rows: (string | number)[][]; // the first cell names the row
}

// The width that there is for a drawing, so that its text keeps its size.
export function useWidth(): [React.RefObject<HTMLDivElement>, number] {
    const ref = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(0);
    useLayoutEffect(() => {
        const element = ref.current;
        if (!element) return undefined;
        const look = () => setWidth(Math.floor(element.clientWidth));
        look();
        const observer = new ResizeObserver(look);
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    return [ref, width];
}

function Legend({ series }: { series: Series[] }) {
    return (
        <ul className="muster-legend" aria-label="What the colours mean">
            {series.map(({ name, colour }) => (
                <li key={name}>
                    <span className={`muster-swatch muster-${colour}`} aria-hidden />
                    {name}
                </li>
            ))}
        </ul>
    );
}

// A card with a drawing, or its numbers. `summary` says in one sentence what the drawing shows.
export function ChartCard({
    title,
    text,
    summary,
    series,
    table,
    actions,
    role = 'img',
    children,
}: {
    title: string;
    text?: string;
    summary: string;
    series: Series[];
    table: TableOf;
    actions?: ReactNode; // what else is shown of it: a time, say
    role?: 'img' | 'figure'; // a figure where there are links in it
    children: ReactNode;
}) {
    const [asTable, setAsTable] = useState(false);
    const id = useId();
    return (
        <Card isFullHeight>
            <CardHeader
                actions={{
                    actions: (
                        <Button variant="link" isInline className="muster-as-table" aria-label={`${title}: ${asTable ? 'show as chart' : 'show as table'}`} onClick={() => setAsTable(!asTable)}>
                            {asTable ? 'Show as chart' : 'Show as table'}
                        </Button>
                    ),
                    hasNoOffset: true,
                }}
            >
                <CardTitle component="h2" id={id}>
                    {title}
                </CardTitle>
            </CardHeader>
            <CardBody>
                {text && <p className="muster-subtle">{text}</p>}
                {actions && <div className="muster-chart-actions">{actions}</div>}
                {asTable ? (
                    <div className="muster-chart-table" tabIndex={0} role="region" aria-labelledby={id}>
                        <Table aria-labelledby={id} variant="compact">
                            <Thead>
                                <Tr>
                                    {table.head.map((name) => (
                                        <Th key={name}>{name}</Th>
                                    ))}
                                </Tr>
                            </Thead>
                            <Tbody>
                                {table.rows.map((row, at) => (
                                    <Tr key={at}>
                                        {row.map((cell, i) => (
                                            <Td key={i} dataLabel={table.head[i]} className={i === 0 ? 'muster-name' : undefined}>
                                                {typeof cell === 'number' ? cell.toLocaleString() : cell}
                                            </Td>
                                        ))}
                                    </Tr>
                                ))}
                            </Tbody>
                        </Table>
                    </div>
                ) : (
                    <figure className="muster-figure" role={role} aria-label={`${title}. ${summary}`}>
                        {children}
                    </figure>
                )}
                {!asTable && <Legend series={series} />}
            </CardBody>
        </Card>
    );
}
