// SPDX-License-Identifier: Apache-2.0
import { Label } from '@patternfly/react-core';
import type { App } from '../api/types';

export function AppStatus({ app }: { app: Pick<App, 'status' | 'paused'> }) {
    if (app.status === 'INACTIVE') return <Label color="grey">Inactive</Label>;
    if (app.paused) return <Label color="orange">Paused</Label>;
    return <Label color="green">Active</Label>;
}
