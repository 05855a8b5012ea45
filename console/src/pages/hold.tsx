// SPDX-License-Identifier: Apache-2.0
// One list that a deletion limit holds back: who and what is on it, and the decision. It is for the list as it is shown: what
// joins later is not meant, and what is no longer wanted is not sent.
import {
    Alert,
    Button,
    DescriptionList,
    DescriptionListDescription,
    DescriptionListGroup,
    DescriptionListTerm,
    Label,
    Title,
    Toolbar,
    ToolbarContent,
    ToolbarItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { Link, useParams } from 'react-router-dom';
import { change, getOrNull } from '../api/client';
import type { DeletionHold } from '../api/holds';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { Confirm } from '../ui/confirm';
import { ErrorAlert } from '../ui/errors';
import { Loading, Nothing } from '../ui/states';
import { Time } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { HeldChanges } from './hold-changes';
import { HOLD_STATES, inWords } from './hold-words';

function Row({ term, children }: { term: string; children: ReactNode }) {
    return (
        <DescriptionListGroup>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription className="muster-break">{children}</DescriptionListDescription>
        </DescriptionListGroup>
    );
}

function Decide({ hold, path }: { hold: DeletionHold; path: string }) {
    const toasts = useToasts();
    const [asked, setAsked] = useState<{ act: 'approve' | 'reject'; revision: number; changes: number } | null>(null);
    const begin = (act: 'approve' | 'reject') => setAsked({ act, revision: hold.revision, changes: hold.changes });
    const what = inWords({ ...hold, changes: asked?.changes ?? hold.changes });
    return (
        <>
            <ToolbarItem>
                <ActButton variant="danger" isDisabled={hold.changes === 0} onClick={() => begin('approve')}>
                    Approve
                </ActButton>
            </ToolbarItem>
            {hold.status === 'OPEN' && (
                <ToolbarItem>
                    <Button variant="secondary" onClick={() => begin('reject')}>
                        Reject
                    </Button>
                </ToolbarItem>
            )}
            {asked && (
                <Confirm
                    title={asked.act === 'approve' ? `Send them to ${hold.appLabel}?` : 'Reject them?'}
                    action={asked.act === 'approve' ? 'Approve' : 'Reject'}
                    danger={asked.act === 'approve'}
                    close={() => setAsked(null)}
                    run={async () => {
                        await change('POST', `${path}/${asked.act}`, { revision: asked.revision });
                        toasts.done(asked.act === 'approve' ? `Approved: ${what}` : `Rejected: ${what}`);
                    }}
                >
                    <p>
                        {what}.{' '}
                        {asked.act === 'approve'
                            ? 'Whoever is put back before it is sent stays. What joins the list from now on is not meant.'
                            : '0 of them are sent. They stay on this list, and can be approved later.'}
                    </p>
                </Confirm>
            )}
        </>
    );
}

export default function Hold() {
    const { appId = '', holdId = '' } = useParams();
    const mayDecide = useMay('ADMIN');
    const path = `/api/v1/apps/${encodeURIComponent(appId)}/group-push/holds/${encodeURIComponent(holdId)}`;
    const { data: hold, error, refetch } = useQuery({ queryKey: [path], queryFn: ({ signal }) => getOrNull<DeletionHold>(path, {}, signal) });
    if (hold === null)
        return (
            <Nothing title="This list is not there" action={<Link to="/troubleshoot/held">Held changes</Link>}>
                What was on it was decided, or is no longer wanted.
            </Nothing>
        );
    if (error) return <ErrorAlert error={error} title="The list cannot be shown" retry={() => void refetch()} />;
    if (!hold) return <Loading what="the list" />;
    const [text, color] = HOLD_STATES[hold.status];
    return (
        <div className="muster-stack">
            <Title headingLevel="h2" className="muster-break">
                {inWords(hold)} <Label color={color}>{text}</Label>
            </Title>
            <Alert variant={hold.status === 'OPEN' ? 'warning' : 'info'} isInline component="p" title={hold.reason} className="muster-break" />
            <DescriptionList isCompact isHorizontal>
                <Row term="App">
                    <Link to={`/applications/${hold.appId}`}>{hold.appLabel}</Link>
                </Row>
                <Row term="Held since">
                    <Time iso={hold.opened} />
                </Row>
                {hold.raisedAgain && (
                    <Row term="Raised again">
                        <Time iso={hold.raisedAgain} /> ({hold.raised.toLocaleString()} times so far)
                    </Row>
                )}
                {hold.decided && (
                    <Row term={text}>
                        <Time iso={hold.decided} /> by {hold.decidedBy}
                    </Row>
                )}
                <Row term="Still wanted gone">{hold.changes.toLocaleString()}</Row>
            </DescriptionList>
            {mayDecide && hold.status !== 'APPROVED' && (
                <Toolbar>
                    <ToolbarContent rowWrap={{ default: 'wrap' }}>
                        <Decide hold={hold} path={path} />
                    </ToolbarContent>
                </Toolbar>
            )}
            <HeldChanges hold={hold} path={path} />
        </div>
    );
}
