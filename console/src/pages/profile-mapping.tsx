// SPDX-License-Identifier: Apache-2.0
// Profile mapping: what the app is told of a person, attribute by attribute, and what that gives for one of them.
import { Button, Card, CardBody, CardTitle, Flex, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { useAppAttributes, useMapping, type AppAttribute, type Mapped, type ProfileMapping } from '../api/mapping';
import type { App } from '../api/types';
import { useMay } from '../app/session';
import { ErrorAlert } from '../ui/errors';
import { Loading } from '../ui/states';
import { EditAttribute } from './profile-mapping-edit';
import { PreviewDialog } from './profile-mapping-preview';

function How({ mapped }: { mapped: Mapped | undefined }) {
    if (!mapped) return <Label color="grey">Not mapped</Label>;
    return (
        <>
            {mapped.pushStatus === 'PUSH' ? 'On creation and change' : 'On creation'}
            {mapped.error && <div className="muster-break">{mapped.error}</div>}
        </>
    );
}

function Attributes({ attributes, mapping, edit }: { attributes: AppAttribute[]; mapping: ProfileMapping; edit: (attribute: AppAttribute) => void }) {
    const mayChange = useMay('ADMIN');
    return (
        <div className="muster-scroll-x">
            <Table aria-label="Attributes of the app" variant="compact">
                <Thead>
                    <Tr>
                        <Th width={25}>Attribute</Th>
                        <Th width={45}>Expression</Th>
                        <Th>Sent</Th>
                        {mayChange && <Th screenReaderText="Actions" />}
                    </Tr>
                </Thead>
                <Tbody>
                    {attributes.map((attribute) => {
                        const mapped = mapping.properties[attribute.name];
                        return (
                            <Tr key={attribute.name}>
                                <Td dataLabel="Attribute" className="muster-name">
                                    <div>{attribute.title}</div>
                                    <div className="muster-subtle">
                                        {attribute.name}
                                        {attribute.required && ', required'}
                                    </div>
                                </Td>
                                <Td dataLabel="Expression" className="muster-name">
                                    {mapped && <code>{mapped.expression}</code>}
                                </Td>
                                <Td dataLabel="Sent" className="muster-name">
                                    <How mapped={mapped} />
                                </Td>
                                {mayChange && (
                                    <Td>
                                        <Button
                                            variant="secondary"
                                            size="sm"
                                            aria-label={`Edit the mapping of ${attribute.title}`}
                                            onClick={() => edit(attribute)}
                                        >
                                            Edit
                                        </Button>
                                    </Td>
                                )}
                            </Tr>
                        );
                    })}
                </Tbody>
            </Table>
        </div>
    );
}

export function MappingCard({ app }: { app: App }) {
    const attributes = useAppAttributes(app);
    const mapping = useMapping(app);
    const [editing, setEditing] = useState<AppAttribute | null>(null);
    const [previewing, setPreviewing] = useState(false);
    const error = attributes.error ?? mapping.error;
    if (error)
        return (
            <ErrorAlert
                error={error}
                title="The profile mapping cannot be shown"
                retry={() => {
                    void attributes.refetch();
                    void mapping.refetch();
                }}
            />
        );
    if (!attributes.data || !mapping.data) return <Loading what="the profile mapping" />;
    return (
        <Card>
            <CardTitle component="h2">Profile mapping</CardTitle>
            <CardBody>
                <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }}>
                    <p>What {app.label} is told of a person. The user name comes from the format under General.</p>
                    <Button variant="secondary" onClick={() => setPreviewing(true)}>
                        Preview
                    </Button>
                </Flex>
            </CardBody>
            <CardBody>
                <Attributes attributes={attributes.data} mapping={mapping.data} edit={setEditing} />
            </CardBody>
            {editing && (
                <EditAttribute
                    app={app}
                    mappingId={mapping.data.id}
                    attribute={editing}
                    stored={mapping.data.properties[editing.name]}
                    close={() => setEditing(null)}
                />
            )}
            {previewing && (
                <PreviewDialog app={app} mappingId={mapping.data.id} attributes={attributes.data} close={() => setPreviewing(false)} />
            )}
        </Card>
    );
}
