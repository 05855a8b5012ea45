// SPDX-License-Identifier: Apache-2.0
// Information on one pushed group: how it is doing; of an error when it happened, why, what the app said, and the remedy.
import {
    Alert,
    Button,
    DescriptionList,
    Modal,
    ModalBody,
    ModalFooter,
    ModalHeader,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router-dom';
import { change, getOrNull } from '../api/client';
import type { App, ErrorDetails, Mapping, MemberError } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert } from '../ui/errors';
import { Exchange, Row } from '../ui/exchange';
import { Loading, Nothing } from '../ui/states';
import { Time, exactTime } from '../ui/time';
import { useToasts } from '../ui/toasts';
import { Activity, STATUS, nameOf, targetNameOf } from './push-table';
import { whyAddress } from './why-address';

// Classes of errors that the connection causes: the remedy is on another page.
const OF_CONNECTION = ['CREDENTIALS', 'TLS', 'NAME_RESOLUTION', 'TOKEN_UNAVAILABLE', 'REFUSED_CONNECTION', 'FORBIDDEN_ADDRESS', 'REDIRECT', 'FORBIDDEN'];

function Remedy({ app, mapping, details }: { app: App; mapping: Mapping; details: ErrorDetails }) {
    const toasts = useToasts();
    const navigate = useNavigate();
    const mayPush = useMay('OPERATOR');
    const path = `/api/v1/apps/${app.id}/group-push/mappings/${mapping.id}`;
    const act = useMutation({
        mutationFn: (run: () => Promise<unknown>) => run(),
        onSuccess: () => toasts.done(`${nameOf(mapping)} is being pushed`),
        onError: (error) => toasts.failed('Not done', error),
    });
    if (!mayPush) return null;
    const button = (text: string, run: () => Promise<unknown>) => (
        <ActButton key={text} variant="secondary" pending={act.isPending} onClick={() => act.mutate(run)}>
            {text}
        </ActButton>
    );
    if (details.errorClass === 'LINK_WOULD_REMOVE')
        return (
            <>
                {button('Remove them there', () => change('PATCH', path, { existingMembers: 'REMOVE' }))}{' '}
                {button('Keep them there', () => change('PATCH', path, { existingMembers: 'KEEP' }))}
            </>
        );
    return (
        <>
            {OF_CONNECTION.includes(details.errorClass) && (
                <Button variant="secondary" onClick={() => navigate(`/applications/${app.id}/provisioning`)}>
                    Connection
                </Button>
            )}{' '}
            {button(details.errorClass === 'GROUP_MISSING' ? 'Create it there again' : 'Try again now', () => change('POST', `${path}/push`))}
        </>
    );
}

export function Failure({ app, mapping }: { app: App; mapping: Mapping }) {
    const details = mapping.errorDetails;
    if (!details && !mapping.errorSummary) return null;
    // The one that was refused; what was asked after it (is there such a group?) explains less.
    const attempt = mapping.lastAttempts?.find(({ status }) => !status || status >= 400) ?? details?.attempt;
    return (
        <Alert variant="danger" component="h2" isInline title={details?.cause ?? 'Not everybody was pushed'}>
            {mapping.errorSummary && <p className="muster-break">{mapping.errorSummary}</p>}
            {details && (
                <>
                    <DescriptionList isCompact isHorizontal horizontalTermWidthModifier={{ default: '10ch' }}>
                        {details.failed && <Row term="Failed">{exactTime(details.failed)}</Row>}
                        {details.words && <Row term={`${app.label} said`}>{details.words}</Row>}
                        {details.nextTry && (
                            <Row term="Next try">
                                <Time iso={details.nextTry} /> (tried {details.attempts ?? 1} times)
                            </Row>
                        )}
                        {details.action && <Row term="Remedy">{details.action}</Row>}
                        {attempt && <Exchange attempt={attempt} />}
                    </DescriptionList>
                    <Remedy app={app} mapping={mapping} details={details} />
                </>
            )}
        </Alert>
    );
}

function Members({ app, mapping, errors }: { app: App; mapping: Mapping; errors: MemberError[] }) {
    return (
        <div className="muster-scroll-x">
            <Table aria-label="Members that failed" variant="compact">
                <Thead>
                    <Tr>
                        <Th>Member</Th>
                        <Th>Why, and what to do</Th>
                    </Tr>
                </Thead>
                <Tbody>
                    {errors.map((error) => (
                        <Tr key={error.userId + error.errorClass}>
                            <Td dataLabel="Member" className="muster-name">
                                {error.login}
                            </Td>
                            <Td dataLabel="Why, and what to do" className="muster-break">
                                {error.cause} {error.error}
                                <div className="muster-subtle">{error.action}</div>
                                <Link
                                    to={whyAddress({ userId: error.userId, groupId: mapping.sourceGroupId, appId: app.id })}
                                    aria-label={`Why: ${error.login}`}
                                >
                                    Why?
                                </Link>
                            </Td>
                        </Tr>
                    ))}
                </Tbody>
            </Table>
        </div>
    );
}

export function Summary({ mapping }: { mapping: Mapping }) {
    const { state } = mapping;
    const count = (n: number | undefined) => (n ?? 0).toLocaleString();
    return (
        <DescriptionList isCompact isHorizontal>
            <Row term="Status">
                {STATUS[mapping.status]} <Activity mapping={mapping} />
            </Row>
            <Row term="Group in the app">{targetNameOf(mapping)}</Row>
            <Row term="Found by">{mapping.ruleId ? 'rule' : 'name'}</Row>
            <Row term="Created">
                <Time iso={mapping.created} />
            </Row>
            <Row term="Last push">
                <Time iso={mapping.lastPush} />
            </Row>
            <Row term="Members">
                {count(state.members)} acknowledged by the app, {count(state.pending)} waiting, {count(state.failed)} refused,{' '}
                {count(state.held)} held
                {state.extra ? `, ${count(state.extra)} there that are not of the group` : ''}
            </Row>
            <Row term="Verified">{state.verifiable === false ? 'The app shows no members' : <Time iso={state.verified} />}</Row>
        </DescriptionList>
    );
}

export function PushInfo({ app, mappingId, close }: { app: App; mappingId: string; close: () => void }) {
    const path = `/api/v1/apps/${app.id}/group-push/mappings/${encodeURIComponent(mappingId)}`;
    const { data, error } = useQuery({
        queryKey: [path],
        queryFn: ({ signal }) => getOrNull<Mapping>(path, { expand: 'groups' }, signal),
    });
    return (
        <Modal isOpen variant="large" aria-label="Information on a pushed group" onClose={close}>
            <ModalHeader title={data ? nameOf(data) : 'Pushed group'} />
            <ModalBody>
                {data === null && <Nothing title="This group is no longer pushed" />}
                <ErrorAlert error={error} title="The pushed group cannot be shown" />
                {data === undefined && !error && <Loading what="the pushed group" />}
                {data && (
                    <>
                        <Failure app={app} mapping={data} />
                        <Summary mapping={data} />
                        {data.memberErrors && <Members app={app} mapping={data} errors={data.memberErrors} />}
                    </>
                )}
            </ModalBody>
            <ModalFooter>
                <Button variant="secondary" onClick={close}>
                    Close
                </Button>
                {data && <Link to={`/applications/${app.id}/push-groups/${data.id}`}>Its members, and why</Link>}
            </ModalFooter>
        </Modal>
    );
}
