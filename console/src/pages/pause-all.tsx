// SPDX-License-Identifier: Apache-2.0
// Stops all sending at once: the work is kept, and goes on when somebody says so.
import { Button, FormGroup, TextInput } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, get } from '../api/client';
import { useMay } from '../app/session';
import { Confirm } from '../ui/confirm';
import { useToasts } from '../ui/toasts';

const ORG = '/api/v1/org';
const REASON_CHARS = 255;

export function PauseAll() {
    const toasts = useToasts();
    const may = useMay('OPERATOR');
    const [asking, setAsking] = useState(false);
    const [reason, setReason] = useState('');
    const { data: org } = useQuery({ queryKey: [ORG], queryFn: ({ signal }) => get<{ paused: boolean }>(ORG, {}, signal) });
    // While all is paused the way on stands under "Needs attention".
    if (!may || !org || (org.paused && !asking)) return null;
    return (
        <>
            <Button variant="secondary" onClick={() => setAsking(true)}>
                Pause all apps
            </Button>
            {asking && (
                <Confirm
                    title="Pause all apps?"
                    action="Pause all apps"
                    close={() => setAsking(false)}
                    run={async () => {
                        await change('POST', `${ORG}/pause`, reason ? { reason } : {});
                        toasts.done('Nothing is sent to any app');
                    }}
                >
                    <p>Nothing is sent to any app until somebody resumes. Changes are kept, and are sent then.</p>
                    <FormGroup label="Reason" fieldId="pause-reason">
                        <TextInput id="pause-reason" value={reason} maxLength={REASON_CHARS} onChange={(_event, value) => setReason(value)} />
                    </FormGroup>
                </Confirm>
            )}
        </>
    );
}
