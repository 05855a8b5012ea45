// SPDX-License-Identifier: Apache-2.0
// The official SDK against a server under test, and short names for what tests do with it all the time.
'use strict';

const assert = require('node:assert/strict');

const PASSWORD = 'Correct-Horse-9-Battery';

// A client of the SDK. Nothing is cached, so that every question reaches the server, and the last answer's headers and
// the newest change number are kept. `okta` is the package as the ring has loaded it.
function sdkClient(okta, muster, { token = muster.token, maxRetries = 2 } = {}) {
    class Recorder extends okta.DefaultRequestExecutor {
        async fetch(request) {
            const answer = await super.fetch(request);
            this.last = answer;
            muster.note(answer.headers.get('x-muster-change'));
            return answer;
        }
    }
    const requestExecutor = new Recorder({ maxRetries });
    const client = new okta.Client({ orgUrl: muster.url, token, cacheMiddleware: null, requestExecutor });
    client.executor = requestExecutor;
    return client;
}

// Every item of a collection, over all its pages.
async function all(collection) {
    const items = [];
    for await (const item of await collection) {
        if (item) items.push(item);
    }
    return items;
}

// The promise must be refused with this status and published code; `cause`, if given, must be in the causes.
async function refused(promise, status, code, cause) {
    let error;
    try {
        await promise;
    } catch (e) {
        error = e;
    }
    assert.ok(error, `was not refused; ${status} ${code} was expected`);
    assert.equal(error.status, status, `${error.status} instead of ${status}: ${error.message}`);
    assert.equal(error.errorCode, code, error.message);
    assert.ok(error.errorSummary, 'errorSummary is missing');
    assert.ok(error.errorId, 'errorId is missing');
    assert.ok(Array.isArray(error.errorCauses), 'errorCauses is missing');
    if (cause) {
        const text = [error.errorSummary, ...error.errorCauses.map((each) => each.errorSummary)].join('\n');
        assert.match(text, cause instanceof RegExp ? cause : new RegExp(cause.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    }
    return error;
}

// What a test's organisation is made of. Names are made unique, so that tests may share a server.
class Org {
    constructor(client, muster) {
        this.client = client;
        this.muster = muster;
        this.count = 0;
    }

    name(what) {
        return `${what} ${process.pid}-${++this.count}`;
    }

    user(login, { password, activate, ...profile } = {}) {
        const name = login || `user-${process.pid}-${++this.count}@example.com`;
        const first = name.split('@')[0];
        return this.client.userApi.createUser({
            body: {
                profile: { login: name, email: name, firstName: first, lastName: 'Example', ...profile },
                ...(password ? { credentials: { password: { value: password } } } : {}),
            },
            activate,
        });
    }

    group(name, members = [], description) {
        return this.client.groupApi
            .createGroup({ group: { profile: { name: name || this.name('Group'), description } } })
            .then(async (group) => {
                for (const member of members) await this.add(group, member);
                return group;
            });
    }

    add(group, user) {
        return this.client.groupApi.assignUserToGroup({ groupId: group.id, userId: user.id });
    }

    remove(group, user) {
        return this.client.groupApi.unassignUserFromGroup({ groupId: group.id, userId: user.id });
    }

    rename(group, name) {
        return this.client.groupApi.replaceGroup({ groupId: group.id, group: { profile: { name } } });
    }

    app(label, options = {}) {
        return this.client.applicationApi.createApplication({
            application: { name: 'scim2', label: label || this.name('App'), signOnMode: 'AUTO_LOGIN' },
            ...options,
        });
    }

    connect(app, target, { activate = true } = {}) {
        return this.client.applicationApi.updateDefaultProvisioningConnectionForApplication({
            appId: app.id,
            ProvisioningConnectionRequest: {
                baseUrl: target.baseUrl,
                profile: { authScheme: 'TOKEN', token: target.token },
            },
            activate,
        });
    }

    switches(app, { create = true, update = true, deactivate = true } = {}) {
        const status = (on) => ({ status: on ? 'ENABLED' : 'DISABLED' });
        return this.client.applicationApi.updateFeatureForApplication({
            appId: app.id,
            name: 'USER_PROVISIONING',
            CapabilitiesObject: {
                create: { lifecycleCreate: status(create) },
                update: { profile: status(update), lifecycleDeactivate: status(deactivate) },
            },
        });
    }

    // An app that provisions into `target`, every switch on.
    async connectedApp(target, switches) {
        const app = await this.app();
        await this.connect(app, target);
        await this.switches(app, switches);
        return app;
    }

    // For tests that take more away on purpose than deletion limits allow.
    limitsOff(app) {
        const off = { off: true };
        return this.muster.ask('PUT', `/api/v1/apps/${app.id}/group-push/limits`, {
            deactivations: off,
            groupDeletions: off,
            removalsPerGroup: off,
            removals: off,
        });
    }

    assignGroup(app, group, priority) {
        return this.client.applicationApi.assignGroupToApplication({
            appId: app.id,
            groupId: group.id,
            applicationGroupAssignment: priority === undefined ? {} : { priority },
        });
    }

    unassignGroup(app, group) {
        return this.client.applicationApi.unassignApplicationFromGroup({ appId: app.id, groupId: group.id });
    }

    assignUser(app, user, appUser = {}) {
        return this.client.applicationApi.assignUserToApplication({
            appId: app.id,
            appUser: { id: user.id, scope: 'USER', ...appUser },
        });
    }

    unassignUser(app, user) {
        return this.client.applicationApi.unassignUserFromApplication({ appId: app.id, userId: user.id });
    }

    appUser(app, user) {
        return this.client.applicationApi.getApplicationUser({ appId: app.id, userId: user.id });
    }

    push(app, group, body = {}) {
        const byId = 'targetGroupId' in body;
        return this.client.groupPushMappingApi.createGroupPushMapping({
            appId: app.id,
            body: { sourceGroupId: group.id, ...(byId ? {} : { targetGroupName: group.profile.name }), ...body },
        });
    }

    mapping(app, mapping) {
        return this.client.groupPushMappingApi.getGroupPushMapping({ appId: app.id, mappingId: mapping.id });
    }

    setMapping(app, mapping, status) {
        return this.client.groupPushMappingApi.updateGroupPushMapping({
            appId: app.id,
            mappingId: mapping.id,
            body: { status },
        });
    }

    deleteMapping(app, mapping, deleteTargetGroup) {
        return this.client.groupPushMappingApi.deleteGroupPushMapping({
            appId: app.id,
            mappingId: mapping.id,
            deleteTargetGroup,
        });
    }
}

module.exports = { sdkClient, all, refused, Org, PASSWORD };
