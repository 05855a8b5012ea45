// SPDX-License-Identifier: Apache-2.0
// What the tests of this ring look at: a server, a target, and questions to both.
'use strict';

const assert = require('node:assert/strict');
const okta = require('@okta/okta-sdk-nodejs');
const { Muster } = require('../lib/muster');
const { sdkClient, Org } = require('../lib/sdk');

class World {
    static async start(startTarget, options = {}) {
        const world = new World();
        world.target = await startTarget();
        world.muster = await Muster.start(options.muster);
        world.client = sdkClient(okta, world.muster);
        world.org = new Org(world.client, world.muster);
        return world;
    }

    async stop() {
        try {
            if (this.muster) await this.muster.stop();
        } finally {
            if (this.target) await this.target.stop();
        }
    }

    // After a restart the server has another port.
    reconnect() {
        this.client = sdkClient(okta, this.muster);
        this.org.client = this.client;
    }

    settle(app, options) {
        return this.muster.synced(app.id, options);
    }

    // The requests that `act` causes at the target, up to the moment when everything is done. `log.writes` are those
    // that change something.
    async during(app, act) {
        await this.settle(app);
        const mark = await this.target.mark();
        await act();
        await this.settle(app);
        return asLog(await this.target.log(mark));
    }

    // The target's user of that login, or undefined; there must not be two.
    async account(user) {
        const login = typeof user === 'string' ? user : user.profile.login;
        const found = (await this.target.users()).filter((each) => each.userName.toLowerCase() === login.toLowerCase());
        assert.ok(found.length < 2, `${found.length} users are called ${login} in the target`);
        return found[0];
    }

    // The target's group of that name; there must be exactly one.
    async targetGroup(group) {
        const name = typeof group === 'string' ? group : group.profile.name;
        const found = (await this.target.groups()).filter((each) => each.displayName === name);
        assert.equal(found.length, 1, `${found.length} groups are called ${name} in the target`);
        return found[0];
    }

    async noTargetGroup(group) {
        const name = typeof group === 'string' ? group : group.profile.name;
        const found = (await this.target.groups()).filter((each) => each.displayName === name);
        assert.equal(found.length, 0, `a group is called ${name} in the target`);
    }

    // The target's group holds exactly these people (users of the directory or logins), nobody twice. The group.
    async holds(group, people) {
        const found = await this.targetGroup(group);
        const names = new Map((await this.target.users()).map((user) => [user.id, user.userName]));
        const actual = (found.members || []).map((member) => names.get(member.value) || `unknown id ${member.value}`);
        const wanted = people.map((person) => (typeof person === 'string' ? person : person.profile.login));
        assert.deepEqual(actual.sort(), wanted.sort(), `members of ${found.displayName}`);
        return found;
    }
}

function asLog(entries) {
    entries.writes = entries.filter((entry) => entry.method !== 'GET');
    return entries;
}

// Where in a log a group lost this member; -1 if it did not.
function removalOf(log, id) {
    return log.findIndex((entry) => {
        if (!/\/Groups\//.test(entry.path) || !entry.json) return false;
        if (entry.method === 'PUT') return !(entry.json.members || []).some((member) => member.value === id);
        return operations(entry).some(
            (operation) =>
                /^remove$/i.test(operation.op) &&
                (operation.path.includes(id) || [operation.value].flat().some((value) => value && value.value === id)),
        );
    });
}

// Where in a log a user's `active` was set to `value`; -1 if it was not.
function activationOf(log, id, value) {
    return log.findIndex((entry) => entry.path.endsWith(`/Users/${id}`) && activeIn(entry) === value);
}

// What a request says of `active`; undefined if nothing.
function activeIn(entry) {
    if (!entry.json) return undefined;
    if (entry.method !== 'PATCH') return entry.json.active;
    for (const operation of operations(entry)) {
        if (operation.path === 'active') return operation.value;
        if (!operation.path && operation.value && 'active' in operation.value) return operation.value.active;
    }
    return undefined;
}

function operations(entry) {
    return (entry.json && entry.json.Operations) || [];
}

// A log for people, in messages of assertions.
function shown(log) {
    return log.map((entry) => `${entry.method} ${entry.path} ${JSON.stringify(entry.json)} -> ${entry.status}`).join('\n');
}

module.exports = { World, removalOf, activationOf, activeIn, operations, shown };
