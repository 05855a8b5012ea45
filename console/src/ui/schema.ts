// SPDX-License-Identifier: Apache-2.0
// The attributes that people and groups have, as the directory's schema says.
import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client';

export interface Attribute {
    name: string;
    title: string;
    type: 'string' | 'number' | 'integer' | 'boolean' | 'array';
    items: 'string' | 'number' | 'integer'; // of an array
    required: boolean;
    choices: { value: string; title: string }[]; // nothing else is taken; empty: anything of the type
    description: string | undefined;
    custom: boolean;
}

interface Definition {
    title?: string;
    description?: string;
    type?: Attribute['type'];
    required?: boolean;
    enum?: unknown[];
    oneOf?: { const: unknown; title: string }[];
    items?: { type?: Attribute['items'] };
}

interface Schema {
    definitions: Record<string, { properties?: Record<string, Definition>; required?: string[] }>;
}

function attributesOf({ definitions }: Schema): Attribute[] {
    return Object.entries(definitions).flatMap(([part, { properties, required }]) =>
        Object.entries(properties ?? {}).map(([name, definition]) => ({
            name,
            title: definition.title ?? name,
            type: definition.type ?? 'string',
            items: definition.items?.type ?? 'string',
            required: definition.required === true || (required ?? []).includes(name),
            choices:
                definition.oneOf?.map((each) => ({ value: String(each.const), title: each.title })) ??
                definition.enum?.map((each) => ({ value: String(each), title: String(each) })) ??
                [],
            description: definition.description,
            custom: part === 'custom',
        })),
    );
}

// Undefined until they are read.
export function useAttributes(of: 'user' | 'group'): Attribute[] | undefined {
    const path = `/api/v1/meta/schemas/${of}/default`;
    const { data } = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<Schema>(path, {}, signal), select: attributesOf });
    return data;
}
