// SPDX-License-Identifier: Apache-2.0
// The walk of docs/walk.md: from the link of the first administrator to a group in a SCIM app. walk.test.js follows it, and
// screens.js takes its pictures: one after each step, of what the step leads to.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Muster, Practice } = require('../lib/muster');
const { ADA, Browser, linkFile } = require('./browser');

const FILES = {
    'users.csv': ['login,email,firstName,lastName', 'ada@example.com,ada@example.com,Ada,Lovelace', 'grace@example.com,grace@example.com,Grace,Hopper'],
    'memberships.csv': ['login,group', 'ada@example.com,Engineering', 'grace@example.com,Engineering'],
};

// Whoever follows the page: each click and each field that is filled in is counted.
class Walk {
    static async start({ bin } = {}) {
        const walk = new Walk();
        [walk.muster, walk.target, walk.browser] = await Promise.all([Muster.start({ bin }), Practice.start({ bin }), Browser.start()]);
        for (const [name, lines] of Object.entries(FILES)) fs.writeFileSync(path.join(walk.muster.dir, name), `${lines.join('\n')}\n`);
        walk.imported = await walk.muster.cli(['import', ...Object.keys(FILES)]);
        walk.page = await walk.browser.open(walk.muster, { viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
        walk.acts = 0;
        return walk;
    }

    async stop() {
        await Promise.all([this.browser.stop(), this.target.stop(), this.muster.stop()]);
    }

    async click(role, name) {
        this.acts++;
        await this.page.getByRole(role, { name, exact: true }).first().click();
    }

    async fill(label, text) {
        this.acts++;
        // The label of a field that is required ends with a star.
        await this.page.getByLabel(new RegExp(`^${label}( \\*)?$`)).fill(text);
    }

    // Types a part of the name and takes what is offered.
    async choose(label, name) {
        this.acts += 2;
        await this.page.getByRole('combobox', { name: label }).fill(name);
        await this.page.getByRole('option', { name }).first().click();
    }

    said(text) {
        return this.page.getByText(text).first().waitFor();
    }
}

async function switchOn(walk, name) {
    walk.acts++;
    const toggle = walk.page.getByRole('switch', { name });
    // The input lies under what is drawn of it.
    await toggle.focus();
    const saved = walk.page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().includes('/features/'));
    await walk.page.keyboard.press('Space');
    await saved;
    await walk.page.waitForFunction((label) => document.querySelector(`input[aria-label="${label}"]`)?.checked, name);
}

const STEPS = [
    {
        name: 'welcome',
        act: async (walk) => {
            await walk.page.goto(fs.readFileSync(linkFile(walk.muster), 'utf8').trim());
            await walk.fill('Password', ADA.password);
            await walk.fill('The same again', ADA.password);
            await walk.click('button', 'Set password and sign in');
            await walk.fill('Name', ADA.name);
            await walk.fill('E-mail address', ADA.email);
        },
    },
    {
        name: 'create',
        act: async (walk) => {
            await walk.click('button', 'Begin');
            await walk.click('link', 'Applications');
            await walk.click('button', 'Create app integration');
            await walk.fill('App name', 'My tool');
        },
    },
    {
        name: 'connect',
        act: async (walk) => {
            await walk.click('button', 'Create');
            await walk.page.getByRole('heading', { name: 'My tool', level: 1 }).waitFor();
            await walk.fill('SCIM base URL', walk.target.baseUrl);
            await walk.fill('API token', walk.target.token);
            await walk.click('button', 'Test and save');
            await walk.said('the connection is saved');
        },
    },
    {
        name: 'switches',
        act: async (walk) => {
            for (const name of ['Create Users', 'Update User Attributes', 'Deactivate Users']) await switchOn(walk, name);
            await walk.page.getByRole('switch', { name: 'Deactivate Users' }).scrollIntoViewIfNeeded();
        },
    },
    {
        name: 'assign',
        act: async (walk) => {
            await walk.click('link', 'Assignments');
            await walk.click('button', 'Assign');
            await walk.click('menuitem', 'Assign to Groups');
            await walk.choose('Group', 'Engineering');
        },
    },
    {
        name: 'assigned',
        act: async (walk) => {
            walk.acts++;
            await walk.page.getByRole('dialog').getByRole('button', { name: 'Assign', exact: true }).click();
            await walk.page.getByRole('dialog').waitFor({ state: 'detached' });
            await walk.click('button', 'People');
            await walk.page.getByText('In step').nth(1).waitFor();
        },
    },
    {
        name: 'push',
        act: async (walk) => {
            await walk.click('link', 'Push Groups');
            await walk.click('button', 'Push Groups');
            await walk.click('menuitem', 'Find groups by name');
            await walk.choose('Group to push', 'Engineering');
            await walk.said('Match result & push action');
        },
    },
    {
        name: 'pushed',
        act: async (walk) => {
            await walk.click('button', 'Save');
            await walk.page.getByRole('button', { name: 'Active: push status of Engineering' }).waitFor();
            await walk.page.waitForFunction(() => !document.querySelector('table').innerText.includes('Pushing'));
        },
    },
];

// As docs/walk.md names them.
function pictureOf(i) {
    return `walk/${i + 1}-${STEPS[i].name}.webp`;
}

module.exports = { STEPS, Walk, pictureOf };
