// SPDX-License-Identifier: Apache-2.0
// An organisation, an app that is connected to a practice target, and an administrator at a browser.
'use strict';

const assert = require('node:assert/strict');
const { Muster, Practice } = require('../lib/muster');
const { ADA, Browser, drawn } = require('./browser');

const ON = { status: 'ENABLED' };
const PATIENCE_MS = 60000;

class Desk {
    static async start() {
        const desk = new Desk();
        [desk.muster, desk.target, desk.browser] = await Promise.all([Muster.start(), Practice.start(), Browser.start()]);
        desk.page = await desk.browser.openAsAdministrator(desk.muster);
        desk.made = 0;
        desk.app = await desk.connectedApp('My tool');
        return desk;
    }

    async stop() {
        await this.browser.stop();
        await this.target.stop();
        await this.muster.stop();
    }

    // What nobody clicked: it went wrong by itself.
    check() {
        assert.deepEqual(this.page.wrong, []);
        this.muster.check();
        this.target.check();
    }

    // A window of an administrator with that role.
    async windowOf(role) {
        const { link } = await this.ask('POST', '/api/v1/administrators', { name: `The ${role}`, email: `${role.toLowerCase()}@example.com`, role });
        const page = await this.browser.open(this.muster);
        const answer = await page.request.post('/api/v1/session/claim', { data: { token: link.split('#')[1], password: ADA.password } });
        assert.equal(answer.status(), 200, await answer.text());
        return page;
    }

    ask(method, path, body) {
        return this.muster.ask(method, path, body);
    }

    async connectedApp(label) {
        const app = await this.ask('POST', '/api/v1/apps', { label, signOnMode: 'AUTO_LOGIN' });
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

    person(name = `Person ${++this.made}`) {
        const login = `${name.toLowerCase().replace(/\W+/g, '.')}@example.com`;
        return this.ask('POST', '/api/v1/users', { profile: { login, email: login, firstName: name, lastName: 'Lovelace' } });
    }

    async group(name, people = [], description) {
        const group = await this.ask('POST', '/api/v1/groups', { profile: { name, description } });
        for (const person of people) await this.join(group, person);
        return group;
    }

    join(group, person) {
        return this.ask('PUT', `/api/v1/groups/${group.id}/users/${person.id}`);
    }

    leave(group, person) {
        return this.ask('DELETE', `/api/v1/groups/${group.id}/users/${person.id}`);
    }

    assignGroup(group, app = this.app) {
        return this.ask('PUT', `/api/v1/apps/${app.id}/groups/${group.id}`, {});
    }

    // Up to the newest change, which a click may have made: its number is on no answer that this process saw.
    async settle(app = this.app) {
        const { change } = await this.ask('GET', `/api/v1/apps/${app.id}/sync`);
        return this.muster.synced(app.id, { after: change });
    }

    async until(holds, what) {
        const deadline = Date.now() + PATIENCE_MS;
        while (!(await holds())) {
            assert.ok(Date.now() < deadline, `not so in ${PATIENCE_MS} ms: ${what}`);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    async targetGroup(name) {
        return (await this.target.groups()).find((group) => group.displayName === name);
    }

    // The user names of a group's members there; undefined when there is no such group.
    async membersThere(name) {
        const group = await this.targetGroup(name);
        if (!group) return undefined;
        const users = await this.target.users();
        return (group.members || []).map((member) => users.find((user) => user.id === member.value).userName).sort();
    }

    async holds(name, people) {
        await this.settle();
        assert.deepEqual(await this.membersThere(name), people.map((person) => person.profile.login).sort());
    }

    mappings(query = '') {
        return this.ask('GET', `/api/v1/apps/${this.app.id}/group-push/mappings?expand=groups${query}`);
    }

    // --- by clicks ---------------------------------------------------------------------------------------------------

    button(name) {
        return this.page.getByRole('button', { name, exact: true });
    }

    dialog() {
        return this.page.getByRole('dialog');
    }

    // Does something that changes something, and waits until the server has answered that it is done. What the page said
    // before may still be there, so that it proves nothing. `status`: that of a refusal which is wanted.
    async acting(path, run, status) {
        const answered = this.page.waitForResponse((response) => {
            const url = response.url();
            // A plan is a rehearsal of the same call.
            return response.request().method() !== 'GET' && url.includes(path) && !url.includes('dryRun=true');
        });
        const [answer] = await Promise.all([answered, run()]);
        assert.ok(status ? answer.status() === status : answer.ok(), `${answer.url()}: ${answer.status()}`);
        // The answer is there before the page has done what it does with it: close a dialog, empty what was selected.
        await answer.finished();
        await drawn(this.page);
    }

    // Until this is on the page no more. Behind an open dialog no row is to be found by its role, so that it is gone
    // there says nothing.
    async gone(locator) {
        await this.dialog().waitFor({ state: 'detached' });
        await locator.waitFor({ state: 'detached' });
    }

    // The browser of somebody who may only look.
    async reader() {
        const email = `reader-${++this.made}@example.com`;
        const { link } = await this.ask('POST', '/api/v1/administrators', { name: 'Rita Reader', email, role: 'READ_ONLY' });
        const page = await this.browser.open(this.muster);
        const data = { name: 'Rita Reader', email, password: ADA.password, token: link.split('#')[1] };
        const answer = await page.request.post('/api/v1/session/claim', { data });
        assert.equal(answer.status(), 200, await answer.text());
        return page;
    }

    // The row of a table that is about this.
    row(name) {
        return this.page.getByRole('row').filter({ has: this.page.getByText(name, { exact: true }) });
    }

    // The menu of what can be done with `name`, and what is chosen in it.
    async act(name, item) {
        await this.button(`Actions on ${name}`).click();
        await this.page.getByRole('menuitem', { name: item, exact: true }).click();
    }

    // The button of the dialog that is open; it waits until the server has done it.
    confirm(path, name) {
        return this.acting(path, () => this.dialog().getByRole('button', { name, exact: true }).click());
    }

    heading(name) {
        return this.page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
    }

    said(text) {
        return this.page.getByText(text).first().waitFor();
    }

    async openPushGroups(query = '') {
        await this.page.goto(`/applications/${this.app.id}/push-groups${query}`);
        await this.button('Push Groups').waitFor();
    }

    async choose(label, name) {
        const field = this.page.getByRole('combobox', { name: label });
        await field.fill(name);
        await this.page.getByRole('option', { name }).first().click();
    }

    // Push Groups, Find groups by name; `target`: links that group of the app.
    async pushByName(name, { target, save = 'Save' } = {}) {
        await this.button('Push Groups').click();
        await this.page.getByRole('menuitem', { name: 'Find groups by name' }).click();
        await this.choose('Group to push', name);
        await this.said('Match result & push action');
        if (target) {
            await this.page.getByLabel('Link Group').check();
            await this.choose('Group in My tool', target);
        }
        await this.acting('/group-push/mappings', () => this.button(save).click());
        await this.said(`${name} is being pushed`);
    }

    async pushByRule(name, { groupName, description }) {
        await this.button('Push Groups').click();
        await this.page.getByRole('menuitem', { name: 'Find groups by rule' }).click();
        await this.page.getByLabel('Rule name').fill(name);
        if (groupName) await this.page.getByRole('textbox', { name: 'Group name' }).fill(groupName);
        if (description) await this.page.getByRole('textbox', { name: 'Group description' }).fill(description);
        await this.page.getByRole('grid', { name: 'Groups that match' }).waitFor();
        await this.button('Create Rule').click();
        await this.said(`${name} is created`);
    }

    // The Active / Inactive button of a group, and what is chosen in its menu.
    async statusMenu(name, item) {
        await this.row(name).getByRole('button', { name: /push status of|status of the rule/ }).click();
        const choose = () => this.page.getByRole('menuitem', { name: item, exact: true }).click();
        // The others open a dialog first.
        if (/^(Push now|Activate|Deactivate)/.test(item)) await this.acting('/group-push/', choose);
        else await choose();
    }

    async unlink(name, how) {
        await this.statusMenu(name, 'Unlink pushed group');
        await this.dialog().getByLabel(how).check();
        await this.acting('/mappings/bulk', () => this.dialog().getByRole('button', { name: 'Unlink' }).click());
        await this.gone(this.row(name));
    }

    async statusShown(name, text) {
        await this.row(name).getByRole('button', { name: `${text}: push status of ${name}` }).waitFor();
    }
}

module.exports = { Desk };
