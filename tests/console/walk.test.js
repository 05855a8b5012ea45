// SPDX-License-Identifier: Apache-2.0
// Follows docs/walk.md by clicks. The group is in the app then, with its members, after few enough acts for five minutes.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { BIN, ROOT } = require('../lib/muster');
const { Program } = require('../lib/program');
const { Browser } = require('./browser');
const { STEPS, Walk, pictureOf } = require('./walk');

const ACTS_MAX = 30; // clicks and fields; ten seconds for each are five minutes

test('the walk brings a group into a SCIM app', async () => {
    const walk = await Walk.start();
    try {
        assert.equal(walk.imported.code, 0, walk.imported.output);
        for (const step of STEPS) await step.act(walk);
        const [group, ...others] = await walk.target.groups();
        assert.deepEqual(others, []);
        assert.equal(group.displayName, 'Engineering');
        const users = await walk.target.users();
        assert.deepEqual(group.members.map(({ value }) => users.find(({ id }) => id === value).userName).sort(), ['ada@example.com', 'grace@example.com']);
        assert.ok(walk.acts <= ACTS_MAX, `${walk.acts} clicks and fields`);
        assert.deepEqual(walk.page.wrong, []);
    } finally {
        await walk.stop();
    }
});

test('docs/walk.md shows the steps in this order, and what is clicked by its name', () => {
    const text = fs.readFileSync(path.join(ROOT, 'docs', 'walk.md'), 'utf8');
    const shown = [...text.matchAll(/\]\((walk\/[^)]+)\)/g)].map(([, name]) => name);
    assert.deepEqual(shown, STEPS.map((_, i) => pictureOf(i)));
    const clicked = [...new Set(STEPS.flatMap(({ act }) => [...act.toString().matchAll(/click\('(?:button|link|menuitem)', '([^']+)'|name: '([^']+)', exact/g)].map((match) => match[1] ?? match[2])))];
    assert.ok(clicked.length > 8);
    assert.deepEqual(clicked.filter((name) => !text.includes(`**${name}**`)), []);
});

test('the demonstration ends with the address of the console and the link that opens it', async () => {
    const demo = await Program.start(BIN, ['demo', '--people', '12'], { ready: /in Muster's console: (http\S+)\n.*open the link in the file (\S+) within an hour/, within: 120000 });
    const browser = await Browser.start();
    try {
        const [, url, file] = demo.ready;
        assert.ok(demo.output.trimEnd().endsWith('within an hour'), demo.output.slice(-300));
        const link = fs.readFileSync(file, 'utf8').trim();
        assert.ok(link.startsWith(url), `${link} is not at ${url}`);
        const page = await browser.open({ url });
        await page.goto(link);
        await page.getByRole('button', { name: 'Set password and sign in' }).waitFor();
    } finally {
        await browser.stop();
        await demo.stop();
    }
});
