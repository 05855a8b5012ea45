// SPDX-License-Identifier: Apache-2.0
// "Why is (not) PERSON in GROUP of APP": the question stands in the address, so that it can be sent and found again.
import { Button, Flex, FlexItem, Form, FormGroup, Title } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearchParams } from 'react-router-dom';
import { get, getOrNull } from '../api/client';
import type { Diagnosis } from '../api/diagnosis';
import type { App, Group, Mapping, User } from '../api/types';
import { ErrorAlert } from '../ui/errors';
import { useSetParams } from '../ui/list';
import { Picker, quoted, type Choice } from '../ui/picker';
import { Loading, Nothing } from '../ui/states';
import { PersonDiagnosis } from './diagnosis';
import { WholeGroupView } from './whole-group';

interface Named {
    id: string;
    text: string;
}

interface Pushes {
    appId: string;
    appLabel: string;
    mapping?: { id: string };
}

interface Pushed {
    appId: string;
    appLabel: string;
    mappingId: string;
}

// What an id in the address is called; null: nothing is asked, or its name was not read yet.
function useNamed<T extends { id: string }>(path: string, id: string | null, nameOf: (found: T) => string): Named | null {
    const full = `${path}/${encodeURIComponent(id ?? '')}`;
    const { data } = useQuery({ queryKey: [full], queryFn: ({ signal }) => getOrNull<T>(full, {}, signal), enabled: Boolean(id) });
    return id && data ? { id: data.id, text: nameOf(data) } : null;
}

const loginOf = (user: User) => user.profile.login;
const groupNameOf = (group: Group) => group.profile.name;
const labelOf = (app: App) => app.label;

function Answers({ userId, groupId, appId }: { userId: string; groupId: string | null; appId: string | null }) {
    const path = `/api/v1/users/${encodeURIComponent(userId)}/diagnosis`;
    const query = { appId, groupId };
    const { data, error, refetch } = useQuery({
        queryKey: [path, query],
        queryFn: ({ signal }) => get<{ complete: boolean; diagnoses: Diagnosis[] }>(path, query, signal),
    });
    if (error) return <ErrorAlert error={error} title="No answer" retry={() => void refetch()} />;
    if (!data) return <Loading what="the answer" />;
    if (data.diagnoses.length === 0)
        return (
            <Nothing title={groupId ? 'The group is pushed to no app' : 'The person has no app'}>
                Choose an app to be told what would have to be done.
            </Nothing>
        );
    return (
        <>
            {!data.complete && <p>The first {data.diagnoses.length} answers are shown. Choose an app or a group for the others.</p>}
            {data.diagnoses.map((each) => (
                <section key={each.app.id + (each.group?.id ?? '')}>
                    {data.diagnoses.length > 1 && (
                        <Title headingLevel="h2" className="muster-break">
                            {each.group ? `${each.group.name} of ${each.app.label}` : each.app.label}
                        </Title>
                    )}
                    {each.group && !each.mappingId ? (
                        <PersonDiagnosis question={{ appId: each.app.id, userId }} known={each} live={false} />
                    ) : (
                        <PersonDiagnosis question={{ appId: each.app.id, userId, mappingId: each.mappingId }} known={each} />
                    )}
                </section>
            ))}
        </>
    );
}

// The answer for everybody in the group: of the app, or of the only one that it is pushed to.
function Everybody({ groupId, appId }: { groupId: string; appId: string | null }) {
    const path = appId
        ? `/api/v1/apps/${encodeURIComponent(appId)}/group-push/mappings`
        : `/api/v1/groups/${encodeURIComponent(groupId)}/pushes`;
    const query = appId ? { sourceGroupId: groupId } : {};
    const { data, error, refetch } = useQuery({
        queryKey: [path, query],
        queryFn: async ({ signal }): Promise<Pushed[]> => {
            if (appId) return (await get<Mapping[]>(path, query, signal)).map(({ id }) => ({ appId, appLabel: '', mappingId: id }));
            const pushes = await get<Pushes[]>(path, query, signal);
            return pushes.flatMap((each) => (each.mapping ? [{ ...each, mappingId: each.mapping.id }] : []));
        },
    });
    if (error) return <ErrorAlert error={error} title="No answer" retry={() => void refetch()} />;
    if (!data) return <Loading what="the answer" />;
    const [first, second] = data;
    if (first && !second) return <WholeGroupView pushed={first} />;
    if (first)
        return (
            <Nothing title="Choose the app">
                The group is pushed to {data.length} apps: {data.map((each) => each.appLabel).join(', ')}.
            </Nothing>
        );
    return (
        <Nothing title={appId ? 'The group is not pushed to this app' : 'The group is pushed to no app'}>
            Push Groups of the app pushes it. Choose a person to see what else stands between them and the group.
        </Nothing>
    );
}

function Question() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const person = useNamed<User>('/api/v1/users', params.get('user'), loginOf);
    const group = useNamed<Group>('/api/v1/groups', params.get('group'), groupNameOf);
    const app = useNamed<App>('/api/v1/apps', params.get('app'), labelOf);
    const client = useQueryClient();
    const choose = (what: 'user' | 'group' | 'app', path: string, choice: Choice<unknown> | null) => {
        // Its name is known: the field keeps it while it is read anew.
        if (choice) client.setQueryData([`${path}/${encodeURIComponent(choice.id)}`], choice.value);
        setParams({ q: null, state: null, [what]: choice?.id ?? null });
    };
    return (
        <Form className="muster-question" onSubmit={(event) => event.preventDefault()}>
            <FormGroup label="Why is (not)" fieldId="why-person">
                <Picker<User>
                    id="why-person"
                    label="Person"
                    path="/api/v1/users"
                    query={(text): Record<string, string> => (text ? { q: text } : {})}
                    choiceOf={(user) => ({
                        id: user.id,
                        text: user.profile.login,
                        detail: [user.profile.firstName, user.profile.lastName].filter(Boolean).join(' '),
                        value: user,
                    })}
                    chosen={person}
                    onChoose={(choice) => choose('user', '/api/v1/users', choice)}
                    none="No person's login or name begins with this."
                />
            </FormGroup>
            <FormGroup label="in the group" fieldId="why-group">
                <Picker<Group>
                    id="why-group"
                    label="Group"
                    path="/api/v1/groups"
                    query={(text) => ({
                        search: text ? `type eq "OKTA_GROUP" and profile.name co ${quoted(text)}` : 'type eq "OKTA_GROUP"',
                        sortBy: 'profile.name',
                    })}
                    choiceOf={(each) => ({ id: each.id, text: each.profile.name, detail: each.profile.description ?? undefined, value: each })}
                    chosen={group}
                    onChoose={(choice) => choose('group', '/api/v1/groups', choice)}
                    none="No group has this in its name."
                />
            </FormGroup>
            <FormGroup label="of the app" fieldId="why-app">
                <Picker<App>
                    id="why-app"
                    label="App"
                    path="/api/v1/apps"
                    query={(text): Record<string, string> => (text ? { q: text } : {})}
                    choiceOf={(each) => ({ id: each.id, text: each.label, value: each })}
                    chosen={app}
                    onChoose={(choice) => choose('app', '/api/v1/apps', choice)}
                    none="No app's name begins with this."
                />
            </FormGroup>
        </Form>
    );
}

export default function Why() {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const [userId, groupId, appId] = [params.get('user'), params.get('group'), params.get('app')];
    const asked = userId ?? groupId ?? appId;
    return (
        <>
            <Question />
            {asked && (
                <Flex justifyContent={{ default: 'justifyContentFlexEnd' }}>
                    <FlexItem>
                        <Button variant="link" onClick={() => setParams({ user: null, group: null, app: null, state: null, info: null, q: null })}>
                            Ask something else
                        </Button>
                    </FlexItem>
                </Flex>
            )}
            {userId ? (
                <Answers userId={userId} groupId={groupId} appId={appId} />
            ) : groupId ? (
                <Everybody groupId={groupId} appId={appId} />
            ) : (
                <Nothing title={asked ? 'Choose a person or a group' : 'Why is somebody there, or not?'}>
                    Choose a person for what becomes of them, a group for all of its members, and an app where only one is meant.
                </Nothing>
            )}
        </>
    );
}
