// SPDX-License-Identifier: Apache-2.0
import { Label } from '@patternfly/react-core';
import type { Group } from '../api/types';

export const GROUP_TYPES: Record<Group['type'], [string, 'blue' | 'purple' | 'grey']> = {
    OKTA_GROUP: ['Directory', 'blue'],
    APP_GROUP: ['Of an app', 'purple'],
    BUILT_IN: ['Built in', 'grey'],
};

export function GroupType({ type }: { type: Group['type'] }) {
    const [text, color] = GROUP_TYPES[type];
    return <Label color={color}>{text}</Label>;
}
