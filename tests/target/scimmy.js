// SPDX-License-Identifier: Apache-2.0
// A SCIM server that we did not write: scimmy behind scimmy-routers and Express 4 (with Express 5 its paging breaks),
// keeping its resources in plain Maps. scimmy is a singleton, so there is one server in a process.
'use strict';

const crypto = require('node:crypto');
const express = require('express');
const scimmy = require('scimmy');
const routers = require('scimmy-routers');
const { USER_SCHEMA, GROUP_SCHEMA } = require('../lib/muster');
const { request } = require('../lib/http');
const assert = require('node:assert/strict');

const SCIMMY = scimmy.default || scimmy;
const Routers = routers.SCIMMYRouters || routers.default || routers;
const PREFIX = '/scim/v2';

class Scimmy {
    static async start() {
        const target = new Scimmy();
        target.kind = 'scimmy';
        target.token = 'a-token-of-the-scimmy-target';
        target.authorized = (req) => req.header('Authorization') === `Bearer ${target.token}`;
        target.userMap = new Map();
        target.groupMap = new Map();
        target.entries = [];
        target.intercept = null; // (req) => { status, detail or location } instead of scimmy's answer, or nothing
        target.declare();
        const app = express();
        const keepText = (req, res, bytes) => {
            req.rawText = bytes.toString('utf8');
        };
        app.use(PREFIX, express.json({ type: ['application/scim+json', 'application/json'], limit: '4mb', verify: keepText }));
        app.use(PREFIX, (req, res, next) => target.record(req, res, next));
        app.use(
            PREFIX,
            new Routers({
                type: 'bearer',
                handler: (req) => {
                    if (!target.authorized(req)) throw new Error('Wrong credential');
                    return 'tester';
                },
            }),
        );
        target.server = await new Promise((resolve) => {
            const server = app.listen(0, '127.0.0.1', () => resolve(server));
        });
        target.url = `http://127.0.0.1:${target.server.address().port}`;
        target.baseUrl = target.url + PREFIX;
        return target;
    }

    record(req, res, next) {
        const [path, query] = req.originalUrl.split('?');
        const { method, headers } = req;
        const entry = { number: this.entries.length + 1, method, path, query, headers, status: 0, dropped: false };
        this.entries.push(entry);
        res.on('finish', () => {
            entry.status = res.statusCode;
            entry.json = req.body && Object.keys(req.body).length ? req.body : undefined;
        });
        const instead = this.intercept && this.intercept(req);
        if (!instead) return next();
        if (instead.location) return res.redirect(instead.status, instead.location);
        const error = new SCIMMY.Messages.Error({ status: instead.status, message: instead.detail || 'ordered' });
        res.status(instead.status).set('Content-Type', 'application/scim+json').send(error);
    }

    declare() {
        const { User } = SCIMMY.Resources;
        const extended = User.schema.definition.attributes.some((each) => each.id === SCIMMY.Schemas.EnterpriseUser.id);
        if (!extended) User.extend(SCIMMY.Schemas.EnterpriseUser, false);
        this.keep(User, this.userMap, (data) => this.checkUser(data));
        this.keep(SCIMMY.Resources.Group, this.groupMap, () => {});
    }

    checkUser(data) {
        for (const other of this.userMap.values()) {
            if (other.id !== data.id && other.userName.toLowerCase() === data.userName.toLowerCase()) {
                throw new SCIMMY.Types.Error(409, 'uniqueness', `userName ${data.userName} is taken`);
            }
        }
    }

    keep(Resource, map, check) {
        const missing = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        SCIMMY.Resources.declare(Resource)
            .ingress((resource, instance) => {
                const now = new Date().toISOString();
                const old = resource.id && map.get(resource.id);
                if (resource.id && !old) throw missing(resource.id);
                const data = JSON.parse(JSON.stringify(instance));
                data.id = resource.id || crypto.randomUUID();
                data.meta = { created: old ? old.meta.created : now, lastModified: now };
                check(data);
                map.set(data.id, data);
                return data;
            })
            .egress((resource) => {
                if (resource.id && !map.has(resource.id)) throw missing(resource.id);
                if (resource.id) return map.get(resource.id);
                const everything = [...map.values()];
                return resource.filter ? resource.filter.match(everything) : everything;
            })
            .degress((resource) => {
                if (!map.delete(resource.id)) throw missing(resource.id);
                for (const group of this.groupMap.values()) {
                    group.members = (group.members || []).filter((member) => member.value !== resource.id);
                }
            });
    }

    async ask(method, path, body) {
        const headers = { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/scim+json' };
        const answer = await request(this.url, method, path, { headers, body });
        assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
        return JSON.parse(answer.text || 'null');
    }

    async users() {
        return [...this.userMap.values()];
    }

    async groups() {
        return [...this.groupMap.values()];
    }

    async mark() {
        return this.entries.length;
    }

    async log(mark = 0) {
        return this.entries.slice(mark);
    }

    seedUser(resource) {
        return this.ask('POST', `${PREFIX}/Users`, { schemas: [USER_SCHEMA], active: true, ...resource });
    }

    seedGroup(resource) {
        return this.ask('POST', `${PREFIX}/Groups`, { schemas: [GROUP_SCHEMA], ...resource });
    }

    check() {}

    stop() {
        this.server.closeAllConnections();
        return new Promise((resolve) => {
            this.server.close(resolve);
        });
    }
}

module.exports = { Scimmy };
