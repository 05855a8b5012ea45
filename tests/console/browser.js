// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium as the tests use it, and people at its keyboard.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const CHROMIUM = process.env.MUSTER_CHROMIUM || '/usr/bin/chromium';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const ADA = { name: 'Ada Lovelace', email: 'ada@example.com', password: 'correct horse battery staple' };
const SHOWN_MS = 60000;
const CALM_FRAMES = 4; // in which nothing is asked: by then an answer is drawn, and what it leads to is asked
// A slow network and a slow machine: each request waits up to so many milliseconds on its way there and back, and the
// browser computes at a quarter of its speed. What passes only because everything is quick fails here.
const SLOW_MS = Number(process.env.MUSTER_TEST_SLOW || 0);
const SLOW_CPU = 4;

class Browser {
    // Playwright gives it a new user data directory and removes it.
    static async start() {
        const browser = new Browser();
        browser.chromium = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGS });
        return browser;
    }

    stop() {
        return this.chromium.close();
    }

    // A window on a server, of somebody who has not been there before. What the console does wrong by itself (an
    // exception, something that the Content-Security-Policy forbids) is kept in `page.wrong`.
    async open(muster, options = {}) {
        const context = await this.chromium.newContext({ baseURL: muster.url, viewport: { width: 1280, height: 900 }, ...options });
        const page = await context.newPage();
        page.setDefaultTimeout(SHOWN_MS);
        if (SLOW_MS) await slowDown(page);
        await page.addInitScript(countRequests);
        page.wrong = [];
        page.on('pageerror', (error) => page.wrong.push(String(error)));
        // Without its styles a page is there, and nothing on it is where it should be.
        page.on('requestfailed', (request) => {
            const errorText = request.failure()?.errorText;
            if (/\/assets\//.test(request.url()) && errorText !== 'net::ERR_ABORTED') page.wrong.push(`${request.url()}: ${errorText}`);
        });
        page.on('console', (message) => {
            // A refused request is told of by the page; the browser says so too.
            if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.wrong.push(message.text());
        });
        return page;
    }

    // The same, signed in as the first administrator.
    async openAsAdministrator(muster, options) {
        const page = await this.open(muster, options);
        const body = !muster.claimed && fs.existsSync(linkFile(muster))
            ? { path: '/api/v1/session/claim', data: { ...ADA, token: fs.readFileSync(linkFile(muster), 'utf8').trim().split('#')[1] } }
            : { path: '/api/v1/session', data: { email: ADA.email, password: ADA.password } };
        const answer = await page.request.post(body.path, { data: body.data });
        assert.equal(answer.status(), 200, await answer.text());
        muster.claimed = true;
        return page;
    }
}

// In the page: counts what was asked of the API and is not answered yet, for settled(). The stream is not asked by fetch().
function countRequests() {
    globalThis.musterAsked = 0;
    const counted = (object, name) => {
        const original = object[name];
        object[name] = async function (...args) {
            globalThis.musterAsked++;
            try {
                return await original.apply(this, args);
            } finally {
                globalThis.musterAsked--;
            }
        };
    };
    counted(globalThis, 'fetch');
    counted(Response.prototype, 'text');
}

// Two frames later what an answer or a change of the window leads to has been drawn.
function drawn(page) {
    return page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

// Until the page shows all that it asks for: nothing is asked, nothing is loading, and some frames later it is still so.
async function settled(page) {
    const done = await page.evaluate(
        ([frames, within]) =>
            new Promise((resolve) => {
                const deadline = performance.now() + within;
                let calm = 0;
                const look = () => {
                    const loading = document.querySelector('[role=progressbar][aria-label^="Loading "], [aria-busy=true]');
                    calm = loading || globalThis.musterAsked > 0 ? 0 : calm + 1;
                    if (calm >= frames || performance.now() > deadline) resolve(calm >= frames);
                    else requestAnimationFrame(look);
                };
                look();
            }),
        [CALM_FRAMES, SHOWN_MS],
    );
    assert.ok(done, `${page.url()} goes on loading for ${SHOWN_MS} ms`);
}

async function slowDown(page) {
    const session = await page.context().newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOW_CPU });
    const pause = () => new Promise((resolve) => setTimeout(resolve, (Math.random() * SLOW_MS) / 2));
    // A test's own routes come first. The event stream is one answer that does not end.
    await page.route(/\/api\/v1\/(?!stream)/, async (route) => {
        try {
            await pause();
            const response = await route.fetch();
            await pause();
            await route.fulfill({ response });
        } catch {
            await route.abort().catch(() => undefined); // the page has left, or the server is down
        }
    });
}

function linkFile(muster) {
    return path.join(muster.data, 'first-administrator.link');
}

// What axe finds on the page as it is now, in words; `options` say which of its rules are asked.
async function axe(page, options = {}) {
    // By the debugger, which the Content-Security-Policy does not bind.
    if (await page.evaluate(() => !globalThis.axe)) await page.evaluate(AXE);
    const { violations } = await page.evaluate((all) => globalThis.axe.run(document, { resultTypes: ['violations'], ...all }), options);
    return violations.map((each) => `${each.id}: ${each.help}: ${each.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

module.exports = { ADA, Browser, axe, drawn, linkFile, settled };
