// SPDX-License-Identifier: Apache-2.0
// What stands between Muster and an app in large organisations, as small servers on the loopback interface: a token
// endpoint (OAuth 2), a gate that asks for a client certificate and an access token, and an HTTP proxy.
'use strict';

const crypto = require('node:crypto');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');

function listen(server) {
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

function stop(server, sockets) {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
}

function track(server) {
    const sockets = new Set();
    const add = (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        socket.on('error', () => {});
    };
    server.on('connection', add);
    server.on('secureConnection', add);
    return sockets;
}

function read(req) {
    return new Promise((resolve, reject) => {
        const parts = [];
        req.on('data', (part) => parts.push(part));
        req.on('error', reject);
        req.on('end', () => resolve(Buffer.concat(parts)));
    });
}

// Authorities with certificates that they signed, as files in `dir`: { key, cert } each.
function certificates(dir) {
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const openssl = (args) => execFileSync('openssl', args, { stdio: 'ignore' });
    const at = (name) => ({ key: path.join(dir, `${name}.key`), cert: path.join(dir, `${name}.pem`) });
    const authority = (name) => {
        const { key, cert } = at(name);
        openssl(['req', '-x509', ...ec, '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`]);
        return at(name);
    };
    const signed = (name, by, extension, days = '2') => {
        const { key, cert } = at(name);
        const [request, more] = [path.join(dir, `${name}.csr`), path.join(dir, `${name}.ext`)];
        fs.writeFileSync(more, `${extension}\n`);
        openssl(['req', ...ec, '-keyout', key, '-out', request, '-subj', `/CN=${name}`]);
        openssl(['x509', '-req', '-in', request, '-CA', by.cert, '-CAkey', by.key, '-CAcreateserial', '-days', days, '-extfile', more, '-out', cert]);
        return at(name);
    };
    const [servers, clients] = [authority('servers'), authority('clients')];
    return {
        servers,
        clients,
        server: signed('server', servers, 'subjectAltName=IP:127.0.0.1,DNS:localhost'),
        client: signed('client', clients, 'extendedKeyUsage=clientAuth', '200'),
    };
}

// Gives tokens to one client, and remembers all that it was sent. `answer` replaces what it says: { status, body }. Tokens
// are taken for `grace` seconds longer than their `lifetime`, which is what the client is told.
class TokenServer {
    static async start({ clientId, secret, publicKey, lifetime = 3600, grace = 0, tls } = {}) {
        const server = new TokenServer();
        Object.assign(server, { clientId, secret, publicKey, lifetime, grace, requests: [], tokens: new Map(), answer: null, used: new Set() });
        const handle = (req, res) => server.handle(req, res);
        server.server = tls ? https.createServer({ key: fs.readFileSync(tls.key), cert: fs.readFileSync(tls.cert) }, handle) : http.createServer(handle);
        server.sockets = track(server.server);
        server.url = `${tls ? 'https' : 'http'}://127.0.0.1:${await listen(server.server)}/oauth2/token`;
        return server;
    }

    async handle(req, res) {
        const form = new URLSearchParams((await read(req)).toString('utf8'));
        this.requests.push({ method: req.method, path: req.url, headers: req.headers, form });
        const why = this.answer ? null : this.refusal(req, form);
        const { status, body, headers } = this.answer || (why ? { status: 401, body: { error: 'invalid_client', error_description: why } } : this.give());
        res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
        res.end(typeof body === 'string' ? body : JSON.stringify(body));
    }

    give() {
        const token = `access-${crypto.randomBytes(12).toString('hex')}`;
        this.tokens.set(token, Date.now() + (this.lifetime + this.grace) * 1000);
        return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: this.lifetime } };
    }

    refusal(req, form) {
        if (form.get('grant_type') !== 'client_credentials') return 'another grant';
        if (this.publicKey) return this.refusalOfAssertion(form);
        const [, coded] = /^Basic (.+)$/.exec(req.headers.authorization || '') || [];
        const pair = coded ? Buffer.from(coded, 'base64').toString('utf8').split(':').map(decodeURIComponent) : [form.get('client_id'), form.get('client_secret')];
        return pair[0] === this.clientId && [].concat(this.secret).includes(pair[1]) ? null : `${pair[1]} is not the secret`;
    }

    refusalOfAssertion(form) {
        const jwt = form.get('client_assertion') || '';
        const [head, claims, signature] = jwt.split('.');
        const parse = (text) => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
        if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') return 'another assertion';
        const { alg, kid } = parse(head);
        const { iss, sub, aud, exp, jti } = parse(claims);
        const key = alg === 'ES256' ? { key: this.publicKey, dsaEncoding: 'ieee-p1363' } : this.publicKey;
        if (!crypto.verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))) return 'a wrong signature';
        if (iss !== this.clientId || sub !== this.clientId || aud !== this.url) return 'wrong claims';
        if (exp * 1000 < Date.now() || this.used.has(jti)) return 'used before';
        this.used.add(jti);
        this.last = { alg, kid };
        return null;
    }

    takes(token) {
        return (this.tokens.get(token) || 0) > Date.now();
    }

    revoke() {
        this.tokens.clear();
    }

    stop() {
        return stop(this.server, this.sockets);
    }
}

// In front of a practice target: lets requests through whose token `accepts(token)`, and only those who show a
// certificate of `clients`, if that is given. Remembers what was asked.
class Gate {
    static async start(target, { accepts, tls, clients } = {}) {
        const gate = new Gate();
        Object.assign(gate, { target, accepts, requests: [] });
        const options = tls && {
            key: fs.readFileSync(tls.key),
            cert: fs.readFileSync(tls.cert),
            ...(clients ? { requestCert: true, rejectUnauthorized: true, ca: fs.readFileSync(clients.cert) } : {}),
        };
        const handle = (req, res) => gate.handle(req, res);
        gate.server = tls ? https.createServer(options, handle) : http.createServer(handle);
        gate.sockets = track(gate.server);
        gate.port = await listen(gate.server);
        gate.baseUrl = `${tls ? 'https' : 'http'}://127.0.0.1:${gate.port}/scim/v2`;
        return gate;
    }

    async handle(req, res) {
        const body = await read(req);
        const [, token] = /^Bearer (.+)$/.exec(req.headers.authorization || '') || [];
        const entry = { method: req.method, path: req.url, headers: req.headers, body: body.toString('utf8'), token, status: 401 };
        if (req.socket.getPeerCertificate) entry.client = (req.socket.getPeerCertificate().subject || {}).CN;
        this.requests.push(entry);
        if (!this.accepts(token)) {
            res.writeHead(401, { 'Content-Type': 'application/scim+json' });
            res.end(JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401', detail: `${token} is no token of mine` }));
            return;
        }
        const to = new URL(this.target.url);
        const headers = { ...req.headers, host: to.host, authorization: `Bearer ${this.target.token}` };
        const onward = http.request({ host: to.hostname, port: to.port, method: req.method, path: req.url, headers }, (answer) => {
            entry.status = answer.statusCode;
            res.writeHead(answer.statusCode, answer.headers);
            answer.pipe(res);
        });
        onward.on('error', () => res.destroy());
        onward.end(body);
    }

    get refused() {
        return this.requests.filter((each) => each.status === 401);
    }

    stop() {
        return stop(this.server, this.sockets);
    }
}

// Connects to whatever it is asked for (CONNECT); with `credential` ("user:password") only those who give it.
class Proxy {
    static async start({ credential } = {}) {
        const proxy = new Proxy();
        Object.assign(proxy, { credential, requests: [] });
        proxy.server = http.createServer((req, res) => {
            proxy.requests.push({ method: req.method, url: req.url, headers: req.headers });
            res.writeHead(405);
            res.end();
        });
        proxy.server.on('connect', (req, socket, head) => proxy.connect(req, socket, head));
        proxy.sockets = track(proxy.server);
        proxy.url = `http://127.0.0.1:${await listen(proxy.server)}`;
        return proxy;
    }

    connect(req, socket, head) {
        const given = `Basic ${Buffer.from(this.credential || '').toString('base64')}`;
        const entry = { method: 'CONNECT', url: req.url, headers: req.headers, status: 200 };
        this.requests.push(entry);
        socket.on('error', () => {});
        if (this.credential && req.headers['proxy-authorization'] !== given) {
            entry.status = 407;
            socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nContent-Length: 0\r\n\r\n');
            return;
        }
        const [host, port] = req.url.split(':');
        const onward = net.connect(Number(port), host, () => {
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
            onward.write(head);
            onward.pipe(socket);
            socket.pipe(onward);
        });
        this.sockets.add(onward);
        onward.on('close', () => this.sockets.delete(onward));
        onward.on('error', () => socket.destroy());
    }

    stop() {
        return stop(this.server, this.sockets);
    }
}

module.exports = { certificates, TokenServer, Gate, Proxy };
