// SPDX-License-Identifier: Apache-2.0
// Drift: what an app holds otherwise than it should, found by scans, and what is done about it.
import {
    Card,
    CardBody,
    DescriptionList,
    Flex,
    Stack,
    StackItem,
    ToggleGroup,
    ToggleGroupItem,
} from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router-dom';
import { change, get } from '../api/client';
import type { Drift } from '../api/drift';
import { workOfScan, type ScanRun } from '../api/imports';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Row } from '../ui/exchange';
import { useSetParams } from '../ui/list';
import { WorkProgress } from '../ui/progress';
import { Loading } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { DriftFindings } from './drift-findings';
import { DriftScans } from './drift-scans';
import { DriftSettingsForm } from './drift-settings';

const VIEWS: [string, string][] = [
    ['', 'Differences'],
    ['accepted', 'Accepted'],
    ['scans', 'Scans'],
    ['settings', 'Settings'],
];

function Start({ app, disabled }: { app: App; disabled: boolean }) {
    const toasts = useToasts();
    const start = useMutation({
        mutationFn: () => change('POST', `/api/v1/apps/${app.id}/drift/scans`),
        onError: (error) => toasts.failed('No scan was started', error),
    });
    return (
        <ActButton isDisabled={disabled} pending={start.isPending} onClick={() => start.mutate()}>
            Scan Now
        </ActButton>
    );
}

function OpenScan({ app, scan }: { app: App; scan: ScanRun }) {
    const toasts = useToasts();
    const mayCancel = useMay('OPERATOR');
    const cancel = useMutation({
        mutationFn: () => change('POST', `/api/v1/apps/${app.id}/drift/scans/${scan.id}/cancel`),
        onSuccess: () => toasts.done('The scan is cancelled; nothing was changed'),
        onError: (error) => toasts.failed('Not cancelled', error),
    });
    return (
        <WorkProgress work={workOfScan(scan, app.label)}>
            {scan.status !== 'APPLYING' && mayCancel && (
                <ActButton variant="link" isInline pending={cancel.isPending} onClick={() => cancel.mutate()}>
                    Cancel the scan
                </ActButton>
            )}
        </WorkProgress>
    );
}

// Before the first scan that was completed there are no numbers.
function Numbers({ drift }: { drift: Drift }) {
    const of = (part: number | undefined, all: number | undefined) => `${(part ?? 0).toLocaleString()} of ${(all ?? 0).toLocaleString()}`;
    const hidden = drift.membersNotVerifiable ?? 0;
    return (
        <Card>
            <CardBody>
                <DescriptionList isCompact isHorizontal columnModifier={{ default: '1Col', lg: '2Col' }}>
                    {drift.lastScan ? (
                        <>
                            <Row term="Members in step">
                                {of(drift.membersInStep, drift.members)}
                                {hidden > 0 && <div className="muster-subtle">{hidden.toLocaleString()} cannot be seen in the app</div>}
                            </Row>
                            <Row term="Accounts in step">{of(drift.accountsInStep, drift.accounts)}</Row>
                            <Row term="Last scan">
                                <Time iso={drift.lastScan.finished} />
                            </Row>
                        </>
                    ) : (
                        <Row term="Last scan">never: how far the app is in step is known after the first one</Row>
                    )}
                    <Row term="Next scan">
                        <Time iso={drift.nextScan} none="when somebody asks" />
                    </Row>
                    {drift.repairing > 0 && <Row term="Being repaired">{drift.repairing.toLocaleString()}</Row>}
                </DescriptionList>
            </CardBody>
        </Card>
    );
}

export default function DriftPage({ app }: { app: App }) {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const mayScan = useMay('OPERATOR');
    const path = `/api/v1/apps/${app.id}/drift`;
    const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Drift>(path, {}, signal) });
    if (error) return <ErrorAlert error={error} title="Drift cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="drift" />;
    const view = params.get('view') ?? '';
    return (
        <Stack hasGutter>
            {mayScan && (
                <StackItem>
                    <Flex>
                        <Start app={app} disabled={Boolean(data.scan)} />
                    </Flex>
                </StackItem>
            )}
            {data.scan && (
                <StackItem>
                    <OpenScan app={app} scan={data.scan} />
                </StackItem>
            )}
            <StackItem>
                <Numbers drift={data} />
            </StackItem>
            <StackItem>
                <ToggleGroup aria-label="What is shown" className="muster-wrap">
                    {VIEWS.map(([value, text]) => (
                        <ToggleGroupItem
                            key={value}
                            text={text}
                            buttonId={`view-${value || 'differences'}`}
                            isSelected={view === value}
                            onChange={() => setParams({ view: value || null, filter: null, cause: null, kind: null })}
                        />
                    ))}
                </ToggleGroup>
            </StackItem>
            <StackItem>
                {view === 'scans' ? (
                    <DriftScans app={app} />
                ) : view === 'settings' ? (
                    <DriftSettingsForm app={app} />
                ) : (
                    <DriftFindings key={view} app={app} accepted={view === 'accepted'} scanned={Boolean(data.lastScan)} />
                )}
            </StackItem>
        </Stack>
    );
}
