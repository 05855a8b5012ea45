// SPDX-License-Identifier: Apache-2.0
// Why one person is (not) in a group of an app, or has an account there (not): from the store, and on demand compared with
// what the app shows this moment.
import { Modal, ModalBody, ModalHeader, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { get } from '../api/client';
import type { Diagnosis } from '../api/diagnosis';
import { ActButton } from '../ui/act-button';
import { DiagnosisView } from '../ui/checks';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';
import { Time } from '../ui/time';
import { whyAddress } from './why-address';

export interface Question {
    appId: string;
    userId: string;
    mappingId?: string; // absent: about the account
}

function callOf({ appId, userId, mappingId }: Question): [string, Record<string, string>] {
    const app = `/api/v1/apps/${encodeURIComponent(appId)}`;
    return mappingId
        ? [`${app}/group-push/mappings/${encodeURIComponent(mappingId)}/diagnosis`, { userId }]
        : [`${app}/users/${encodeURIComponent(userId)}/diagnosis`, {}];
}

// `known`: the answer, where it was read already. `live` false: there is nothing in the app to compare with.
export function PersonDiagnosis({ question, known, live: comparable = true }: { question: Question; known?: Diagnosis; live?: boolean }) {
    const [path, query] = callOf(question);
    const stored = useQuery({
        queryKey: [path, query],
        queryFn: ({ signal }) => get<Diagnosis>(path, query, signal),
        enabled: known === undefined,
    });
    // Asks the app each time: only when somebody wants it, never because something changed.
    const live = useQuery({
        queryKey: [path, query, 'live'],
        queryFn: ({ signal }) => get<Diagnosis>(path, { ...query, live: true }, signal),
        enabled: false,
        gcTime: 0,
    });
    const shown = live.data ?? known ?? stored.data;
    if (stored.error) return <ErrorAlert error={stored.error} title="No answer" retry={() => void stored.refetch()} />;
    if (!shown) return <Loading what="the answer" />;
    return (
        <>
            <ErrorAlert error={live.error} title="The app was not asked" />
            <DiagnosisView diagnosis={shown} />
            {comparable && <Toolbar>
                <ToolbarContent rowWrap={{ default: 'wrap' }}>
                    <ToolbarItem>
                        <ActButton variant="secondary" pending={live.isFetching} onClick={() => void live.refetch()}>
                            Compare with the app now
                        </ActButton>
                    </ToolbarItem>
                    <ToolbarItem alignSelf="center">
                        {live.data && (
                            <span role="status" className="muster-subtle">
                                {shown.app.label} was asked <Time iso={new Date(live.dataUpdatedAt).toISOString()} />
                            </span>
                        )}
                    </ToolbarItem>
                </ToolbarContent>
            </Toolbar>}
        </>
    );
}

// The same at the side of a list.
export function DiagnosisDrawer({ question, groupId, close }: { question: Question; groupId?: string; close: () => void }) {
    const { appId, userId } = question;
    return (
        <Modal isOpen variant="medium" className="muster-drawer" aria-label="Why" onClose={close}>
            <ModalHeader title="Why" />
            <ModalBody>
                <PersonDiagnosis question={question} />
                <Link to={whyAddress({ appId, userId, groupId })}>Open in Troubleshoot</Link>
            </ModalBody>
        </Modal>
    );
}
