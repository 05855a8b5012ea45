// SPDX-License-Identifier: Apache-2.0
// Many people at once, by the command line's import.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { links } = require('../lib/http');

const IMPORT_MS = 600000; // for 100,000 people on a busy machine
const UNTIL_MS = 300000; // the same

// Imports `count` people, whom `nameOf(i)` gives a first and a last name, and the memberships that `groupsOf(i)` names for
// each; their logins.
async function importCrowd(muster, count, groupsOf, { prefix = 'crowd', domain = 'crowd.example', nameOf = (i) => [`First${i}`, `Last${i}`] } = {}) {
    const users = ['login,email,firstName,lastName'];
    const memberships = ['login,group'];
    const logins = [];
    for (let i = 0; i < count; i++) {
        const login = `${prefix}-${String(i).padStart(5, '0')}@${domain}`;
        logins.push(login);
        users.push(`${login},${login},${nameOf(i).join(',')}`);
        for (const group of groupsOf(i)) memberships.push(`${login},${group}`);
    }
    const files = [path.join(muster.dir, `${prefix}-users.csv`), path.join(muster.dir, `${prefix}-memberships.csv`)];
    fs.writeFileSync(files[0], users.join('\n') + '\n');
    fs.writeFileSync(files[1], memberships.join('\n') + '\n');
    const { code, output } = await muster.cli(['import', ...files], { within: IMPORT_MS });
    assert.equal(code, 0, output);
    return logins;
}

// An app with everything switched on that is connected to `target`. `server` is what answers calls: .ask().
async function connectedApp(server, label, target) {
    const app = await server.ask('POST', '/api/v1/apps', { name: 'scim2', label, signOnMode: 'AUTO_LOGIN' });
    await server.ask('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, {
        baseUrl: target.baseUrl,
        profile: { authScheme: 'TOKEN', token: target.token },
    });
    const on = { status: 'ENABLED' };
    await server.ask('PUT', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`, {
        create: { lifecycleCreate: on },
        update: { profile: on, lifecycleDeactivate: on },
    });
    return app;
}

// The directory's group of that name.
async function groupByName(muster, name) {
    const found = await muster.ask('GET', `/api/v1/groups?q=${encodeURIComponent(name)}`);
    const group = found.find((each) => each.profile.name === name && each.type === 'OKTA_GROUP');
    assert.ok(group, `there is no group ${name}`);
    return group;
}

// The ids of everybody in the directory, by login.
async function userIds(muster) {
    const ids = new Map();
    let path_ = '/api/v1/users?limit=200';
    while (path_) {
        const answer = await muster.call('GET', path_);
        assert.equal(answer.status, 200, answer.text);
        for (const user of answer.json) ids.set(user.profile.login, user.id);
        const { next } = links(answer);
        path_ = next && next.slice(muster.url.length);
    }
    return ids;
}

// Runs `act` for each item, some at a time.
async function inParallel(items, act, many = 16) {
    let next = 0;
    const lane = async () => {
        while (next < items.length) await act(items[next++]);
    };
    await Promise.all(Array.from({ length: many }, lane));
}

// Polls until `look` is true; the longer it takes, the less often, so that waiting does not keep a core busy.
async function until(what, look, timeout = UNTIL_MS) {
    const start = Date.now();
    while (!(await look())) {
        const passed = Date.now() - start;
        assert.ok(passed < timeout, `${what}: not within ${timeout} ms`);
        await new Promise((resolve) => setTimeout(resolve, Math.min(20 + passed / 20, 100)));
    }
}

/*
 * No name may be POSTed twice without somebody asking for it in between: the outcome of the first was unknown.
 * `log` is the whole journal. The number of POSTs.
 */
function checkPosts(log) {
    const open = new Map(); // name -> the number of the POST that nobody has asked about yet
    let posts = 0;
    for (const entry of log) {
        const query = entry.query ? decodeURIComponent(entry.query.replace(/\+/g, ' ')) : '';
        if (entry.method === 'GET') {
            for (const name of [...open.keys()]) {
                const text = JSON.stringify(name.split('\0')[1]);
                if (entry.path.endsWith(name.split('\0')[0]) && query.includes(text)) open.delete(name);
            }
        } else if (entry.method === 'POST') {
            posts++;
            assert.ok(entry.json, `the journal has no whole body of ${entry.path}`);
            const kind = entry.path.endsWith('/Users') ? '/Users' : '/Groups';
            const name = `${kind}\0${entry.json.userName || entry.json.displayName}`;
            assert.ok(!open.has(name), `requests ${open.get(name)} and ${entry.number} both POST ${name}, no GET between them`);
            if (entry.status >= 400 && !entry.dropped) continue;
            open.set(name, entry.number);
        }
    }
    return posts;
}

module.exports = { connectedApp, importCrowd, groupByName, userIds, inParallel, until, checkPosts };
