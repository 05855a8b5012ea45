// SPDX-License-Identifier: Apache-2.0
// The one place that talks to the management API.

export interface ErrorBody {
    errorCode?: string;
    errorSummary?: string;
    errorId?: string;
    errorCauses?: { errorSummary: string }[];
}

// A refusal. Causes of the form "field: what is wrong" are kept by field, so that they can stand beside it.
export class ApiError extends Error {
    readonly status: number;
    readonly code: string;
    readonly id: string | undefined;
    readonly causes: string[];
    readonly fields: Record<string, string> = {};

    constructor(status: number, body: ErrorBody) {
        super(body.errorSummary ?? `The server answered ${status}`);
        this.status = status;
        this.code = body.errorCode ?? '';
        this.id = body.errorId;
        this.causes = (body.errorCauses ?? []).map((cause) => cause.errorSummary);
        for (const cause of this.causes) {
            const match = /^([A-Za-z][\w.]*): (.+)$/s.exec(cause);
            if (match?.[1] && match[2]) this.fields[match[1]] = match[2];
        }
    }

    // What is left to say when the form shows the causes of these fields beside them.
    without(fields: readonly string[]): string[] {
        return this.causes.filter((cause) => !fields.some((field) => cause.startsWith(`${field}: `)));
    }
}

// No answer came: the server is down, or the network is.
export class NetworkError extends Error {
    constructor() {
        super('Muster does not answer. Is the server running, and are you connected to it?');
    }
}

export interface Page<T> {
    items: T[];
    next: string | null; // the cursor of the next page
}

type Query = Record<string, string | number | boolean | null | undefined>;

let csrf: string | null = null;
let onSignedOut: () => Promise<boolean> = () => Promise.resolve(false);

export function setCsrf(value: string | null): void {
    csrf = value;
}

// Called when an answer says that nobody is signed in any more. True, once the same person has signed in again: then what was
// refused is asked again, and nobody has lost what they were typing.
export function setOnSignedOut(callback: () => Promise<boolean>): void {
    onSignedOut = callback;
}

export function url(path: string, query: Query = {}): string {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
    }
    const text = params.toString();
    return text ? `${path}?${text}` : path;
}

async function bodyOf(response: Response): Promise<unknown> {
    const text = await response.text();
    if (!text) return null;
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    const asked = csrf; // there is one for each session
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (csrf && method !== 'GET') headers['X-Muster-Csrf'] = csrf;
    let response: Response;
    try {
        response = await fetch(path, {
            method,
            headers,
            body: body === undefined ? null : JSON.stringify(body),
            signal: signal ?? null,
            credentials: 'same-origin',
        });
    } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') throw error;
        throw new NetworkError();
    }
    if (response.ok) return response;
    const failure = new ApiError(response.status, ((await bodyOf(response)) ?? {}) as ErrorBody);
    // Below /session it is a password that was wrong.
    if (response.status !== 401 || path.startsWith('/api/v1/session')) throw failure;
    if (csrf === asked && !(await onSignedOut())) throw failure;
    return send(method, path, body, signal);
}

export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return (await bodyOf(await send('GET', url(path, query), undefined, signal))) as T;
}

// Null when there is no such thing: an answer like others, which is kept while it is read anew.
export async function getOrNull<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T | null> {
    try {
        return await get<T>(path, query, signal);
    } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
    }
}

const onTheWay = new Map<string, Promise<unknown>>();

// A second click before the button could be switched off gets the answer to the first.
export function change<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const same = JSON.stringify([method, path, body]);
    let answer = onTheWay.get(same);
    if (!answer) {
        answer = send(method, path, body)
            .then(bodyOf)
            .finally(() => onTheWay.delete(same));
        onTheWay.set(same, answer);
    }
    return answer as Promise<T>;
}

// The cursor in Link: <...?after=X>; rel="next".
export function nextCursor(link: string | null): string | null {
    for (const match of (link ?? '').matchAll(/<([^>]*)>;\s*rel="next"/g)) {
        const target = match[1];
        if (target) return new URL(target, window.location.origin).searchParams.get('after');
    }
    return null;
}

export async function list<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Page<T>> {
    const response = await send('GET', url(path, query), undefined, signal);
    return { items: ((await bodyOf(response)) ?? []) as T[], next: nextCursor(response.headers.get('Link')) };
}
