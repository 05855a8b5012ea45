// SPDX-License-Identifier: Apache-2.0
// Which column a list is sorted by stands in the address, and the server sorts.
import type { ThProps } from '@patternfly/react-table';
import { useSearchParams } from 'react-router-dom';
import { useSetParams } from './list';

// `columns`: what the API calls them, the first being the one that is used unless another is chosen. `of` gives what the head
// of a column needs.
export function useSort(columns: string[]): { query: { sortBy: string; sortOrder: 'asc' | 'desc' }; of: (column: string) => ThProps['sort'] } {
    const [params] = useSearchParams();
    const setParams = useSetParams();
    const chosen = params.get('sort') ?? '';
    const descending = chosen.startsWith('-');
    const name = descending ? chosen.slice(1) : chosen;
    const sortBy = columns.includes(name) ? name : (columns[0] ?? '');
    return {
        query: { sortBy, sortOrder: descending ? 'desc' : 'asc' },
        of: (column) => ({
            columnIndex: columns.indexOf(column),
            sortBy: { index: columns.indexOf(sortBy), direction: descending ? 'desc' : 'asc', defaultDirection: 'asc' },
            onSort: (_event, _index, direction) => setParams({ sort: direction === 'desc' ? `-${column}` : column === columns[0] ? null : column }),
        }),
    };
}
