// SPDX-License-Identifier: Apache-2.0
// HTTP by hand: requests that no client library would send, and answers as they came.
'use strict';

const http = require('node:http');
const https = require('node:https');
const net = require('node:net');

const ANSWER_MS = 60000;
// Idle connections end before the server ends them.
const kept = { keepAlive: true, maxSockets: 16, timeout: 20000 };
const agent = new http.Agent(kept);
const tlsAgent = new https.Agent({ ...kept, rejectUnauthorized: false }); // certificates are the product's to judge

// { status, headers (node's), raw (names and values in turn), text, json }. `body`: a value (sent as JSON), a string or bytes.
function request(base, method, path, { headers = {}, body, timeout = ANSWER_MS } = {}) {
    const url = new URL(base);
    const raw = typeof body === 'string' || Buffer.isBuffer(body);
    const bytes = body === undefined ? null : Buffer.from(raw ? body : JSON.stringify(body));
    const sent = { ...(bytes && !raw ? { 'Content-Type': 'application/json' } : {}), ...headers };
    if (bytes || ['POST', 'PUT', 'PATCH'].includes(method)) sent['Content-Length'] = bytes ? bytes.length : 0;
    return new Promise((resolve, reject) => {
        const tls = url.protocol === 'https:';
        const where = { host: url.hostname, port: url.port, agent: tls ? tlsAgent : agent };
        const req = (tls ? https : http).request({ ...where, method, path, headers: sent }, (res) => {
            const parts = [];
            res.on('data', (part) => parts.push(part));
            res.on('error', reject);
            res.on('end', () => {
                const text = Buffer.concat(parts).toString('utf8');
                const answer = { status: res.statusCode, headers: res.headers, raw: res.rawHeaders, text };
                if (/json/.test(res.headers['content-type'] || '') && text) answer.json = JSON.parse(text);
                resolve(answer);
            });
        });
        req.setTimeout(timeout, () => req.destroy(new Error(`${method} ${path}: no answer within ${timeout} ms`)));
        req.on('error', (error) => reject(new Error(`${method} ${base}${path}: ${error.message}`)));
        req.end(bytes);
    });
}

// Sends bytes as they are on a connection of their own, in pieces with a pause between them, and reads until the
// server closes, or until a whole answer is there. Resolves to { status, text } with status 0 when it only closed.
function rawRequest(base, pieces, { pause = 0, timeout = ANSWER_MS } = {}) {
    const url = new URL(base);
    return new Promise((resolve, reject) => {
        const socket = net.connect(Number(url.port), url.hostname);
        let text = '';
        let timer;
        const done = () => {
            clearTimeout(timer);
            socket.destroy();
            resolve({ status: Number((/^HTTP\/1\.[01] (\d{3})/.exec(text) || [0, 0])[1]), text });
        };
        timer = setTimeout(() => {
            socket.destroy();
            reject(new Error(`no answer within ${timeout} ms; so far: ${text.slice(0, 200)}`));
        }, timeout);
        socket.on('data', (part) => {
            text += part.toString('latin1');
            const end = text.indexOf('\r\n\r\n');
            const length = /content-length: *(\d+)/i.exec(text.slice(0, end + 4));
            if (end >= 0 && length && text.length >= end + 4 + Number(length[1])) done();
        });
        socket.on('close', done);
        socket.on('error', done); // a reset is an answer too
        const send = async () => {
            for (const piece of pieces) {
                if (socket.destroyed || !socket.writable) return;
                socket.write(piece);
                if (pause) await new Promise((next) => setTimeout(next, pause));
            }
        };
        socket.on('connect', () => send().catch(reject));
    });
}

// Every value of a header that may come more than once.
function headerValues(answer, name) {
    const values = [];
    for (let i = 0; i < answer.raw.length; i += 2) {
        if (answer.raw[i].toLowerCase() === name.toLowerCase()) values.push(answer.raw[i + 1]);
    }
    return values;
}

// The URLs of a Link header by relation.
function links(answer) {
    const found = {};
    for (const value of headerValues(answer, 'Link')) {
        for (const [, url, rel] of value.matchAll(/<([^>]*)>; *rel="([^"]*)"/g)) found[rel] = url;
    }
    return found;
}

module.exports = { request, rawRequest, headerValues, links };
