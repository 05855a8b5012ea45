#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Takes the pictures of docs/screens: every page of pages.js that has words for one, light and dark, and writes
// docs/screens.md, which shows them. Arguments: the names of pages (default: all). `./dev screens` runs it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { ROOT, PLAIN_BIN } = require('../lib/muster');
const { PAGES } = require('./pages');
const { Tour } = require('./tour');

const FOLDER = path.join(ROOT, 'docs', 'screens');
const THEMES = ['light', 'dark'];
const SIZE = { width: 1280, height: 800 };
const QUALITY = 80; // of 100: letters have no shadows yet, and a picture has about 20 kB

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

async function main(names) {
    const pictured = PAGES.filter((entry) => entry.picture);
    const unknown = names.filter((name) => !pictured.some((entry) => entry.name === name));
    if (unknown.length > 0) throw new Error(`no page with a picture is called ${unknown.join(', ')}; see tests/console/pages.js`);
    const chosen = pictured.filter((entry) => names.length === 0 || names.includes(entry.name));
    fs.mkdirSync(FOLDER, { recursive: true });
    const tour = await Tour.start({ bin: PLAIN_BIN });
    try {
        for (const entry of chosen) {
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
    const wanted = new Set(pictured.flatMap(({ name }) => THEMES.map((theme) => `${name}-${theme}.webp`)));
    for (const file of fs.readdirSync(FOLDER)) if (!wanted.has(file)) fs.rmSync(path.join(FOLDER, file));
    writePage(pictured);
    const bytes = fs.readdirSync(FOLDER).reduce((sum, file) => sum + fs.statSync(path.join(FOLDER, file)).size, 0);
    console.log(`${chosen.length * THEMES.length} pictures taken; docs/screens holds ${Math.round(bytes / 1000)} kB`);
}

main(process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exit(1);
});
