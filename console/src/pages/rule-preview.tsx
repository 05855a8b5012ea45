// SPDX-License-Identifier: Apache-2.0
// Whom a rule matches, as it is typed.
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router-dom';
import { ApiError, change } from '../api/client';
import { RULES, type RulePreview as Answer } from '../api/rules';
import type { UserStatus } from '../api/types';
import { PersonStatus } from '../ui/people';
import { counted } from '../ui/plan';
import { useSettled } from '../ui/settled';

const SHOWN = 20;

function summary({ matched, looked, complete, failed }: Answer): string {
    const of = complete ? counted(looked, 'person', 'people') : `the first ${looked.toLocaleString()} people`;
    const beyond = failed > 0 ? ` For ${failed.toLocaleString()} a limit of expressions was reached; they stay as they are.` : '';
    return `${counted(matched, 'person matches', 'people match')} of ${of}.${beyond}`;
}

export function RulePreview({ body }: { body: unknown }) {
    const typed = useSettled(JSON.stringify(body));
    const path = `${RULES}/preview?limit=${SHOWN}`;
    const { data, error } = useQuery({
        queryKey: [path, typed],
        queryFn: () => change<Answer>('POST', path, JSON.parse(typed)),
        enabled: body !== null && typed !== 'null',
        placeholderData: keepPreviousData,
        retry: false,
    });
    if (body === null) return <p className="muster-subtle">Say who is meant, and they are shown here.</p>;
    // The fault is shown at its place in the expression.
    if (error) return <p role="status">{error instanceof ApiError && error.status === 400 ? 'Nobody can be shown until the rule is right.' : error.message}</p>;
    if (!data) return null;
    return (
        <>
            <p role="status">{summary(data)}</p>
            {data.users.length > 0 && (
                <div className="muster-scroll-x">
                    <Table aria-label="Who matches" variant="compact" borders={false}>
                        <Thead>
                            <Tr>
                                <Th>Name</Th>
                                <Th>User name</Th>
                                <Th>Status</Th>
                            </Tr>
                        </Thead>
                        <Tbody>
                            {data.users.map((person) => (
                                <Tr key={person.id}>
                                    <Td dataLabel="Name" className="muster-name">
                                        <Link to={`/people/${person.id}`}>{person.name}</Link>
                                    </Td>
                                    <Td dataLabel="User name" className="muster-name">
                                        {person.login}
                                    </Td>
                                    <Td dataLabel="Status">
                                        <PersonStatus status={person.status as UserStatus} />
                                    </Td>
                                </Tr>
                            ))}
                        </Tbody>
                    </Table>
                </div>
            )}
            {data.matched > data.users.length && <p className="muster-subtle">These are the first {data.users.length}.</p>}
        </>
    );
}
