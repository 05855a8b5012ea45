// SPDX-License-Identifier: Apache-2.0
// The attributes of an assignment: those that are set, and a field to set another. An emptied one is emptied in the app.
import { Button, Flex, FlexItem, FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { FieldHelp, isWrong } from './errors';
import { useAttributes } from './schema';

export type Profile = Record<string, string | null>;

// Only texts are edited here; other values stay as they are.
export function textsOf(profile: Record<string, unknown>): Profile {
    return Object.fromEntries(Object.entries(profile).filter((each): each is [string, string] => typeof each[1] === 'string'));
}

function useTexts(): [string, string][] {
    return (useAttributes('user') ?? [])
        .filter(({ name, type }) => type === 'string' && name !== 'login')
        .map(({ name, title }): [string, string] => [name, title])
        .sort(([, a], [, b]) => a.localeCompare(b));
}

export function ProfileFields({ profile, change, error }: { profile: Profile; change: (profile: Profile) => void; error: unknown }) {
    const attributes = useTexts();
    const titleOf = (name: string) => attributes.find(([each]) => each === name)?.[1] ?? name;
    const left = attributes.filter(([name]) => !(name in profile));
    return (
        <>
            {Object.entries(profile).map(([name, value]) => (
                <FormGroup key={name} label={titleOf(name)} fieldId={`attribute-${name}`}>
                    <Flex flexWrap={{ default: 'nowrap' }}>
                        <FlexItem grow={{ default: 'grow' }}>
                            <TextInput
                                id={`attribute-${name}`}
                                value={value ?? ''}
                                placeholder="empty in the app"
                                onChange={(_event, text) => change({ ...profile, [name]: text || null })}
                                validated={isWrong(error, name) ? 'error' : 'default'}
                            />
                        </FlexItem>
                        {value !== null && (
                            <FlexItem>
                                <Button variant="link" aria-label={`Empty ${titleOf(name)}`} onClick={() => change({ ...profile, [name]: null })}>
                                    Empty
                                </Button>
                            </FlexItem>
                        )}
                    </Flex>
                    <FieldHelp error={error} field={name} />
                </FormGroup>
            ))}
            <FormGroup label="Set another attribute" fieldId="another-attribute">
                <FormSelect id="another-attribute" value="" onChange={(_event, name) => name && change({ ...profile, [name]: '' })}>
                    <FormSelectOption value="" label="Choose one" isPlaceholder />
                    {left.map(([name, title]) => (
                        <FormSelectOption key={name} value={name} label={title} />
                    ))}
                </FormSelect>
                <FieldHelp>What is set here is used in this app instead of what the directory says.</FieldHelp>
            </FormGroup>
        </>
    );
}
