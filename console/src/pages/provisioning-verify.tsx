// SPDX-License-Identifier: Apache-2.0
// Reading back what was pushed: when that is done, and doing it now.
import { Card, CardBody, CardTitle, Form, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { change, get } from '../api/client';
import type { App, PushSettings } from '../api/types';
import { useMay } from '../app/session';
import { ActButton } from '../ui/act-button';
import { ErrorAlert, FieldHelp } from '../ui/errors';
import { Loading } from '../ui/states';
import { useToasts } from '../ui/toasts';

const WHEN: [PushSettings['verify'], string][] = [
    ['NEVER', 'when somebody asks'],
    ['SAMPLED', 'after one request in ten, by chance'],
    ['ALWAYS', 'each time'],
];

export function VerifyCard({ app }: { app: App }) {
    const toasts = useToasts();
    const mayChange = useMay('ADMIN');
    const mayAsk = useMay('OPERATOR');
    const path = `/api/v1/apps/${app.id}/group-push`;
    const { data, error, refetch } = useQuery({
        queryKey: [`${path}/settings`],
        queryFn: ({ signal }) => get<PushSettings>(`${path}/settings`, {}, signal),
    });
    const save = useMutation({
        mutationFn: (verify: string) => change('PUT', `${path}/settings`, { verify }),
        onSuccess: () => toasts.done('The setting is saved'),
        onError: (failure) => toasts.failed('The setting was not saved', failure),
    });
    const ask = useMutation({
        mutationFn: () => change<{ groups: number }>('POST', `${path}/verify`),
        onSuccess: ({ groups }) => toasts.done(`${groups.toLocaleString()} pushed groups are read back`),
        onError: (failure) => toasts.failed('Nothing is read back', failure),
    });
    if (error) return <ErrorAlert error={error} title="The setting cannot be shown" retry={() => void refetch()} />;
    if (!data) return <Loading what="the setting" />;
    return (
        <Card>
            <CardTitle component="h2">Verification</CardTitle>
            <CardBody>
                <Form className="muster-form" onSubmit={(event) => event.preventDefault()}>
                    <FormGroup label="Read members of groups back after they were pushed" fieldId="verify-when">
                        <FormSelect
                            id="verify-when"
                            isDisabled={!mayChange}
                            value={save.isPending ? save.variables : data.verify}
                            onChange={(_event, value) => save.mutate(value)}
                        >
                            {WHEN.map(([value, text]) => (
                                <FormSelectOption key={value} value={value} label={text} />
                            ))}
                        </FormSelect>
                        <FieldHelp>
                            What the app dropped is pushed once more, then reported. Nobody is removed. Each time costs a read of the whole
                            group for each change.
                        </FieldHelp>
                    </FormGroup>
                </Form>
            </CardBody>
            {mayAsk && (
                <CardBody>
                    <ActButton variant="secondary" pending={ask.isPending} onClick={() => ask.mutate()}>
                        Verify now
                    </ActButton>
                </CardBody>
            )}
        </Card>
    );
}
