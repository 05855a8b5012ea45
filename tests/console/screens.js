#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Takes the pictures in docs/: every page of pages.js that has words for one, light and dark (docs/screens, and
// docs/screens.md, which shows them), and the steps of docs/walk.md. Arguments: names of pages, or "walk" (default: all).
// `./dev screens` runs it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { ROOT, PLAIN_BIN } = require('../lib/muster');
const { PAGES } = require('./pages');
const { Tour } = require('./tour');
const { STEPS, Walk, pictureOf } = require('./walk');

const DOCS = path.join(ROOT, 'docs');
const FOLDER = path.join(DOCS, 'screens');
const THEMES = ['light', 'dark'];
const SIZE = { width: 1280, height: 800 };
const QUALITY = 60; // of 100: letters are still sharp, and a picture has about 20 kB

// Playwright knows no WebP; the browser does.
async function take(page, file) {
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
    await session.detach();
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
}

function writePage(pictured) {
    const lines = [
        '# The console in pictures',
        '',
        'Every page of the [console](console.md), in the light theme; the name of each leads to the dark one. `./dev screens` takes them,',
        'with an organisation that `tests/console/organisation.js` makes and pages that `tests/console/pages.js` lists.',
    ];
    for (const { name, picture } of pictured) {
        lines.push('', `## ${picture}`, '', `![${picture}](screens/${name}-light.webp)`, '', `[The same in the dark theme](screens/${name}-dark.webp)`);
    }
    fs.writeFileSync(path.join(ROOT, 'docs', 'screens.md'), `${lines.join('\n')}\n`);
}

async function takePages(entries) {
    const tour = await Tour.start({ bin: PLAIN_BIN });
    try {
        for (const entry of entries) {
            const page = await tour.visit(entry, SIZE);
            for (const theme of THEMES) {
                await page.emulateMedia({ colorScheme: theme });
                await page.mouse.move(0, 0);
                await take(page, path.join(FOLDER, `${entry.name}-${theme}.webp`));
            }
        }
    } finally {
        await tour.stop();
    }
}

// They stand before what is to be seen, as they do for six seconds.
async function closeMessages(page) {
    const close = page.locator('[class*=alert-group] button');
    while ((await close.count()) > 0) await close.first().evaluate((button) => button.click());
}

async function takeWalk() {
    fs.rmSync(path.join(DOCS, 'walk'), { recursive: true, force: true });
    fs.mkdirSync(path.join(DOCS, 'walk'));
    const walk = await Walk.start({ bin: PLAIN_BIN });
    try {
        for (const [i, step] of STEPS.entries()) {
            await step.act(walk);
            await closeMessages(walk.page);
            await walk.page.mouse.move(0, 0);
            await take(walk.page, path.join(DOCS, pictureOf(i)));
        }
    } finally {
        await walk.stop();
    }
}

async function main(names) {
    const pictured = PAGES.filter((entry) => entry.picture);
    const unknown = names.filter((name) => name !== 'walk' && !pictured.some((entry) => entry.name === name));
    if (unknown.length > 0) throw new Error(`no page with a picture is called ${unknown.join(', ')}; see tests/console/pages.js`);
    const chosen = pictured.filter((entry) => names.length === 0 || names.includes(entry.name));
    fs.mkdirSync(FOLDER, { recursive: true });
    if (chosen.length > 0) await takePages(chosen);
    if (names.length === 0 || names.includes('walk')) await takeWalk();
    const wanted = new Set(pictured.flatMap(({ name }) => THEMES.map((theme) => `${name}-${theme}.webp`)));
    for (const file of fs.readdirSync(FOLDER)) if (!wanted.has(file)) fs.rmSync(path.join(FOLDER, file));
    writePage(pictured);
    const files = ['screens', 'walk'].flatMap((folder) => fs.readdirSync(path.join(DOCS, folder)).map((file) => path.join(DOCS, folder, file)));
    const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
    console.log(`docs/ holds ${files.length} pictures of the console, ${Math.round(bytes / 1000)} kB`);
}

main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exit(1);
});
