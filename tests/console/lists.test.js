// SPDX-License-Identifier: Apache-2.0
// A large organisation: every list asks for a page of its rows and draws no more than that, however many there are, and a
// change makes it ask once. 300 people; with MUSTER_TEST_FULL 10,000, on the build without sanitizers.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { BIN, PLAIN_BIN, Muster, Practice } = require('../lib/muster');
const { Browser, settled } = require('./browser');
const { LISTS } = require('./lists');
const { SIZES, makeMultitude } = require('./multitude');

const FULL = process.env.MUSTER_TEST_FULL;
const LARGE = FULL ? SIZES : { people: 300, groups: 120, mappings: 90, errors: 10 };
const PAGE_ROWS = 50;
const REQUESTS_MAX = 6; // what stands around the list is asked for too: the session, the app, its settings
const ELEMENTS_MAX = 6000; // of the whole page
const DRAWN_MS = 60000;

let muster;
let target;
let browser;
let at;
let page;
before(async () => {
    const bin = FULL ? PLAIN_BIN : BIN;
    [muster, target, browser] = await Promise.all([
        Muster.start({ bin, args: ['--rate', '10000000'] }),
        Practice.start({ bin }),
        Browser.start(),
    ]);
    at = await makeMultitude(muster, target, LARGE);
    page = await browser.openAsAdministrator(muster);
});
after(async () => {
    await browser.stop();
    await target.stop();
    await muster.stop();
});

// What is asked of the API until nothing more is, apart from the stream, which waits; how often there was a reason for it:
// `own`, and each answer of the stream, which says that something was committed.
async function asked(act, own = 1) {
    const calls = [];
    let reasons = own;
    const note = (request) => {
        const { pathname, search } = new URL(request.url());
        if (pathname.startsWith('/api/') && pathname !== '/api/v1/stream') calls.push(pathname + search);
    };
    const told = (response) => {
        if (response.url().includes('/api/v1/stream')) reasons++;
    };
    page.on('request', note);
    page.on('response', told);
    await act();
    await settled(page);
    page.off('request', note);
    page.off('response', told);
    return { calls, reasons };
}

// Each call was made once for each reason, and they are few.
function askedOnce({ calls, reasons }) {
    const often = calls.filter((call) => calls.filter((other) => other === call).length > reasons);
    assert.deepEqual(often, [], `asked more than ${reasons} times`);
    assert.ok(calls.length <= REQUESTS_MAX * reasons, calls.join('\n'));
}

test('a commit makes what is shown be asked for once, and nothing else', async () => {
    await page.goto(`/applications/${at.app.id}/push-groups`);
    await page.locator('tbody tr').first().waitFor();
    await settled(page);
    const path = '/group-push/mappings?';
    const found = await asked(async () => {
        const answered = page.waitForResponse((response) => response.url().includes(path));
        await muster.ask('POST', '/api/v1/groups', { profile: { name: 'Made elsewhere' } });
        await answered;
    }, 0);
    assert.ok(found.calls.some((call) => call.includes(path)));
    askedOnce(found);
});

for (const list of LISTS) {
    test(`${list.name}: a page of rows, few requests, and the next page`, async () => {
        const rows = page.locator(list.selector);
        const found = await asked(async () => {
            await page.goto(list.path(at));
            await rows.first().waitFor();
        });
        const many = await rows.count();
        assert.ok(many <= PAGE_ROWS && many === Math.min(PAGE_ROWS, list.count(LARGE)), `${many} rows`);
        askedOnce(found);
        const elements = await page.evaluate(() => document.querySelectorAll('*').length);
        assert.ok(elements <= ELEMENTS_MAX, `${elements} elements`);
        const next = page.getByRole('button', { name: 'Next', exact: true });
        if (list.count(LARGE) > PAGE_ROWS) {
            const texts = async () => (await rows.allInnerTexts()).map((text) => text.trim());
            const first = await texts();
            const more = await asked(async () => {
                const answered = page.waitForResponse((response) => response.url().includes('after='));
                await next.click();
                await answered;
            });
            askedOnce(more);
            assert.ok(more.calls.some((call) => call.includes('after=')), more.calls.join('\n'));
            if (more.reasons === 1) assert.equal(more.calls.length, 1, more.calls.join('\n'));
            // The answer is there before the page is.
            let second = await texts();
            for (const end = Date.now() + DRAWN_MS; !list.alike && second.join() === first.join() && Date.now() < end; ) second = await texts();
            assert.ok(second.length > 0 && second.length <= PAGE_ROWS, `${second.length} rows`);
            if (!list.alike) assert.deepEqual(second.filter((text) => first.includes(text)), [], 'no row is on both pages');
        } else {
            assert.equal(await next.count(), 0);
        }
        assert.deepEqual(page.wrong, []);
    });
}
