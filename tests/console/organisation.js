// SPDX-License-Identifier: Apache-2.0
// The organisation that every page is looked at with: usual names and one that is as long as it may become, apps in each
// state, pushes that are in step, failed or switched off. What pages.js leads to stands in what it returns.
'use strict';

const LONG = `because_it_says_everything_that_there_is_to_say_without_a_blank_anywhere_in_between_${'and_so_on_'.repeat(13)}`.slice(0, 200);
const PEOPLE = ['Ada Lovelace', 'Grace Hopper', 'Alan Turing', 'Katherine Johnson', 'Edsger Dijkstra', 'Barbara Liskov', 'Dennis Ritchie', 'Radia Perlman'];
const GROUPS = [
    ['Engineering', 'Everybody who writes software', [0, 1, 2, 4, 5, 6, 7]],
    ['Research', 'Works with universities', [2, 3, 5]],
    ['Networking', undefined, [7]],
    ['Design', 'How it looks and feels', [0, 6]],
    ['Contractors', 'People of other companies', [3, 4]],
    ['Alumni', 'Those who were here once', [1]],
    ['Region North', undefined, [0, 3]],
    ['Region South', undefined, [1, 2]],
    [LONG, `${LONG.slice(0, 100)}, described`, [0, 1]],
];
const ON = { status: 'ENABLED' };

const loginOf = (name) => `${name.toLowerCase().replace(/\W+/g, '.')}@example.com`;

class Organisation {
    constructor(muster, target) {
        Object.assign(this, { muster, target, people: {}, groups: {} });
        this.ask = (method, path, body) => muster.ask(method, path, body);
    }

    async settle() {
        await this.ask('POST', '/api/v1/users', {
            profile: { login: 'ann.long@example.com', email: 'ann.long@example.com', firstName: 'Ann', lastName: LONG.slice(0, 50) },
        });
        for (const name of PEOPLE) {
            const [firstName, lastName] = name.split(' ');
            const profile = { login: loginOf(name), email: loginOf(name), firstName, lastName };
            this.people[name] = await this.ask('POST', '/api/v1/users', { profile });
        }
        for (const [name, description, members] of GROUPS) {
            const group = await this.ask('POST', '/api/v1/groups', { profile: { name, description } });
            this.groups[name] = group;
            for (const each of members) await this.ask('PUT', `/api/v1/groups/${group.id}/users/${this.people[PEOPLE[each]].id}`);
        }
    }

    async app(label, connected = true) {
        const app = await this.ask('POST', '/api/v1/apps', { label, signOnMode: 'AUTO_LOGIN' });
        if (!connected) return app;
        await this.ask('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, {
            baseUrl: this.target.baseUrl,
            profile: { authScheme: 'TOKEN', token: this.target.token },
        });
        await this.ask('PUT', `/api/v1/apps/${app.id}/features/USER_PROVISIONING`, {
            create: { lifecycleCreate: ON },
            update: { lifecycleDeactivate: ON, profile: ON },
        });
        return app;
    }

    assignGroup(app, name, profile) {
        return this.ask('PUT', `/api/v1/apps/${app.id}/groups/${this.groups[name].id}`, profile ? { profile } : {});
    }

    push(app, name, body = {}) {
        const sourceGroupId = this.groups[name].id;
        return this.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId, targetGroupName: name, ...body });
    }
}

// An app whose pushes have gone all ways that there are.
async function usedApp(org) {
    const app = await org.app('Chat');
    for (const name of ['Engineering', 'Research']) await org.assignGroup(app, name);
    await org.ask('POST', `/api/v1/apps/${app.id}/users`, { id: org.people['Katherine Johnson'].id, scope: 'USER' });
    for (const name of ['Engineering', 'Research', LONG]) await org.push(app, name);
    await org.push(app, 'Alumni', { status: 'INACTIVE' });
    await org.ask('POST', `/api/v1/apps/${app.id}/group-push/rules`, { name: 'Regions', groupName: { operator: 'STARTS_WITH', value: 'Region' } });
    await org.muster.sync(app.id);
    await org.target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403, text: 'This plan has no room for more groups' }]);
    const failed = await org.push(app, 'Contractors');
    await org.push(app, 'Networking');
    await org.muster.sync(app.id);
    await org.target.faults([]);
    return { app, failed };
}

// An app whose users are being told apart: one is found exactly, one perhaps, one is new and has a long name.
async function importedApp(org) {
    const app = await org.app('Forge');
    const path = `/api/v1/apps/${app.id}`;
    const seed = (userName, givenName, familyName) =>
        org.target.seedUser({ userName, name: { givenName, familyName }, emails: [{ value: userName, primary: true }] });
    await seed('ann.long@example.com', 'Ann', 'Long');
    await seed('radia@elsewhere.example', 'Radia', 'Perlman');
    await seed(`${LONG.slice(0, 80)}@example.com`, 'Long', LONG.slice(0, 50));
    await org.ask('PUT', `${path}/features/INBOUND_PROVISIONING`, {
        importRules: { userCreateAndMatch: { autoConfirmExactMatch: false } },
        importSettings: { schedule: { status: 'ENABLED', fullImport: { expression: '30 4 * * 1', timezone: 'Europe/Vienna' } } },
    });
    const done = await org.ask('POST', `${path}/imports`);
    await org.ask('GET', `${path}/imports/${done.id}?wait=60s`);
    await org.target.faults([{ name: 'status', method: 'GET', path: '/Users', status: 403, text: 'This key may not read users' }]);
    const failed = await org.ask('POST', `${path}/imports`);
    await org.ask('GET', `${path}/imports/${failed.id}?wait=60s`);
    await org.target.faults([]);
    return app;
}

// An app that somebody changed behind Muster, scanned.
async function driftedApp(org) {
    const app = await org.app('Board');
    const path = `/api/v1/apps/${app.id}`;
    await org.assignGroup(app, 'Design');
    await org.push(app, LONG);
    await org.push(app, 'Design', { targetGroupName: 'Designers' });
    await org.muster.sync(app.id);
    const stranger = await org.target.seedUser({ userName: `${LONG.slice(0, 60)}.stranger@example.com` });
    const there = (await org.target.groups()).find(({ displayName }) => displayName === 'Designers');
    await org.target.ask('PATCH', `/scim/v2/Groups/${there.id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [
            { op: 'add', path: 'members', value: [{ value: stranger.id }] },
            { op: 'remove', path: `members[value eq "${there.members[0].value}"]` },
        ],
    });
    for (let found = 0; found < 2; ) {
        const { id } = await org.ask('POST', `${path}/drift/scans`);
        found = (await org.ask('GET', `${path}/drift/scans/${id}?wait=60s`)).differences;
    }
    return app;
}

// Rules that do, do not do, and can no longer do what they say.
async function rules(org) {
    const rule = (name, expression, group, exclude = []) =>
        org.ask('POST', '/api/v1/groups/rules', {
            type: 'group_rule',
            name,
            conditions: {
                people: { users: { exclude: exclude.map((each) => each.id) }, groups: { exclude: [] } },
                expression: { value: expression, type: 'urn:okta:expression:1.0' },
            },
            actions: { assignUserToGroups: { groupIds: [group.id] } },
        });
    const active = await rule('Names with an o', 'String.stringContains(user.lastName, "o")', org.groups['Region South'], [org.people['Grace Hopper']]);
    await org.ask('POST', `/api/v1/groups/rules/${active.id}/lifecycle/activate`);
    await rule('Not yet', 'user.department == "Sales" AND user.countryCode == "DE"', org.groups['Region North']);
    const gone = await org.ask('POST', '/api/v1/groups', { profile: { name: 'Gone' } });
    const invalid = await rule(LONG.slice(0, 50), `user.city == "${LONG}"`, gone);
    await org.ask('DELETE', `/api/v1/groups/${gone.id}`);
    return { active, invalid };
}

// An app from which more was to be taken away than its limits allow, and with a group that was parted into two.
async function troubledApp(org) {
    const app = await org.app('Payroll');
    const push = `/api/v1/apps/${app.id}/group-push`;
    for (const name of ['Research', 'Design']) await org.assignGroup(app, name);
    await org.push(app, 'Design', { targetGroupName: 'Payroll designers' });
    await org.muster.sync(app.id);
    const separation = await org.ask('POST', `${push}/separations`, {
        groupId: org.groups.Design.id,
        name: 'Payroll access',
        solution: 'ASSIGNMENT',
    });
    await org.ask('GET', `${push}/separations/${separation.id}?wait=true`);
    await org.ask('PUT', `${push}/limits`, { deactivations: { percent: 0, number: 1 } });
    await org.ask('DELETE', `/api/v1/apps/${app.id}/groups/${org.groups.Research.id}`);
    await org.muster.sync(app.id);
    const [hold] = await org.ask('GET', `${push}/holds`);
    return { separation: `${app.id}/${separation.id}`, hold: `${app.id}/${hold.id}` };
}

// What the pages of settings show.
async function settings(org) {
    await org.ask('POST', '/api/v1/api-tokens', { name: 'nightly import', role: 'OPERATOR' });
    await org.ask('POST', '/api/v1/api-tokens', { name: LONG.slice(0, 100), role: 'READ_ONLY' });
    await org.ask('POST', '/api/v1/administrators', { name: LONG.slice(0, 100), email: 'long@example.com', role: 'READ_ONLY' });
    await org.ask('POST', '/api/v1/eventHooks', {
        name: `Hook ${LONG.slice(0, 80)}`,
        events: { type: 'EVENT_TYPE', items: ['group.lifecycle.create'] },
        channel: { type: 'HTTP', version: '1.0.0', config: { uri: `http://127.0.0.1:9/${LONG.slice(0, 100)}` } },
    });
    await org.ask('PUT', `/api/v1/users/${org.people['Dennis Ritchie'].id}/protection`, { protected: true });
    await org.ask('PUT', `/api/v1/groups/${org.groups[LONG].id}/protection`, { protected: true });
}

// Makes it; the addresses that pages.js uses.
async function inhabit(muster, target) {
    const org = new Organisation(muster, target);
    await org.settle();
    const { active, invalid } = await rules(org);
    const { app, failed } = await usedApp(org);
    const empty = await org.app('Wiki', false);
    const long = await org.app(LONG.slice(0, 100));
    await org.ask('POST', `/api/v1/apps/${long.id}/users`, { id: org.people['Ada Lovelace'].id, scope: 'USER' });
    await org.assignGroup(long, LONG, { title: 'Engineer' });
    await org.push(long, LONG);
    await muster.sync(long.id);
    const drifted = await driftedApp(org);
    const imported = await importedApp(org);
    const emptyGroup = await org.ask('POST', '/api/v1/groups', { profile: { name: 'Nobody yet' } });
    const deactivated = await org.ask('POST', '/api/v1/users', {
        profile: { login: 'gone@example.com', email: 'gone@example.com', firstName: 'Gone', lastName: 'Away' },
    });
    await org.ask('POST', `/api/v1/users/${deactivated.id}/lifecycle/deactivate`);
    const troubled = await troubledApp(org);
    const mappings = await org.ask('GET', `/api/v1/apps/${app.id}/group-push/mappings?sourceGroupId=${org.groups.Engineering.id}`);
    await settings(org);
    return {
        ...troubled,
        appId: app.id,
        mapping: mappings[0].id,
        engineering: org.groups.Engineering.id,
        ada: org.people['Ada Lovelace'].id,
        alan: org.people['Alan Turing'].id,
        app: `/applications/${app.id}`,
        empty: `/applications/${empty.id}`,
        long: `/applications/${long.id}`,
        imported: `/applications/${imported.id}`,
        drifted: `/applications/${drifted.id}`,
        failed: failed.id,
        person: `/people/${org.people['Ada Lovelace'].id}`,
        deactivated: `/people/${deactivated.id}`,
        group: `/groups/${org.groups.Engineering.id}`,
        networking: `/groups/${org.groups.Networking.id}`,
        longGroup: `/groups/${org.groups[LONG].id}`,
        emptyGroup: `/groups/${emptyGroup.id}`,
        rule: `/group-rules/${active.id}`,
        invalidRule: `/group-rules/${invalid.id}`,
    };
}

module.exports = { LONG, inhabit };
