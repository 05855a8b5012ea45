// SPDX-License-Identifier: Apache-2.0
// The profile mapping of an app (docs/mapping.md), and the attributes that its users have.
import { useQuery } from '@tanstack/react-query';
import { change, get, list } from './client';
import type { App } from './types';

export type PushStatus = 'PUSH' | 'DONT_PUSH';

export interface Mapped {
    expression: string;
    pushStatus: PushStatus;
    error?: string;
}

export interface ProfileMapping {
    id: string;
    properties: Record<string, Mapped>;
}

export interface AppAttribute {
    name: string;
    title: string;
    type: string;
    place: string; // in SCIM
    required: boolean;
    custom: boolean;
}

interface Definition {
    title?: string;
    type?: string;
    required?: boolean;
    externalName?: string;
}

interface AppSchema {
    definitions: Record<string, { properties?: Record<string, Definition>; required?: string[] }>;
}

function attributesOf({ definitions }: AppSchema): AppAttribute[] {
    return Object.entries(definitions).flatMap(([part, { properties, required }]) =>
        Object.entries(properties ?? {})
            .filter(([name]) => name !== 'userName') // the app's user name format says it
            .map(([name, { title, type, externalName, required: needed }]) => ({
                name,
                title: title ?? name,
                type: type ?? 'string',
                place: externalName ?? name,
                required: needed === true || (required ?? []).includes(name),
                custom: part === 'custom',
            })),
    );
}

export function useAppAttributes(app: App) {
    const path = `/api/v1/meta/schemas/apps/${app.id}/default`;
    return useQuery({ queryKey: [path], queryFn: ({ signal }) => get<AppSchema>(path, {}, signal), select: attributesOf });
}

async function mappingOf(app: App, signal: AbortSignal): Promise<ProfileMapping> {
    const { items } = await list<{ id: string }>('/api/v1/mappings', { targetId: app.id }, signal);
    return get<ProfileMapping>(`/api/v1/mappings/${items[0]?.id ?? ''}`, {}, signal);
}

// What the assignment of a person says of its own: texts, numbers, lists, and null where it empties an attribute.
export async function ownAttributes(app: App, userId: string): Promise<Record<string, unknown>> {
    const { items } = await list<{ id: string }>('/api/v1/mappings', { targetId: app.id });
    const path = `/api/v1/mappings/${items[0]?.id ?? ''}/preview`;
    const { profile, sources } = await change<{ profile: Record<string, unknown>; sources: Record<string, string> }>('POST', path, { userId });
    const own = Object.keys(sources).filter((name) => sources[name] === 'INDIVIDUAL');
    return Object.fromEntries(own.map((name) => [name, profile[name] ?? null]));
}

export function useMapping(app: App) {
    return useQuery({ queryKey: ['/api/v1/mappings', app.id], queryFn: ({ signal }) => mappingOf(app, signal) });
}
