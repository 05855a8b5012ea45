// SPDX-License-Identifier: Apache-2.0
// Every page in both themes and from 360 pixels on: axe finds nothing, nothing stands over the edge, nothing is forbidden by
// the Content-Security-Policy. And how much the first page loads.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { Muster, Practice } = require('../lib/muster');
const { Browser, axe, chooseTheme } = require('./browser');

const FIRST_LOAD_BYTES_MAX = 400000;
const LONG = 'A group whose name is long because_it_says_everything_that_there_is_to_say_without_a_blank_anywhere_in_between';

let muster;
let target;
let browser;
let pages;
before(async () => {
    [muster, target, browser] = await Promise.all([Muster.start(), Practice.start(), Browser.start()]);
    const app = await muster.ask('POST', '/api/v1/apps', { label: LONG, signOnMode: 'AUTO_LOGIN' });
    await muster.ask('POST', `/api/v1/apps/${app.id}/connections/default?activate=true`, {
        baseUrl: target.baseUrl,
        profile: { authScheme: 'TOKEN', token: target.token },
    });
    const push = (body) => muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, body);
    const group = (name) => muster.ask('POST', '/api/v1/groups', { profile: { name, description: `${LONG}, described` } });
    await push({ sourceGroupId: (await group(LONG)).id, targetGroupName: LONG });
    await muster.synced(app.id);
    await target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 409 }]);
    const mapping = await push({ sourceGroupId: (await group('Contractors')).id, targetGroupName: 'Contractors' });
    await muster.sync(app.id);
    await muster.ask('POST', `/api/v1/apps/${app.id}/group-push/rules`, {
        name: 'Regions',
        groupName: { operator: 'STARTS_WITH', value: 'Region' },
    });
    const base = `/applications/${app.id}`;
    const other = await muster.ask('POST', '/api/v1/apps', { label: 'Assigned', signOnMode: 'AUTO_LOGIN' });
    const assigned = `/applications/${other.id}`;
    const profile = { login: 'ann.long@example.com', email: 'ann.long@example.com', firstName: 'Ann', lastName: LONG.slice(-50) };
    const ann = await muster.ask('POST', '/api/v1/users', { profile });
    await muster.ask('POST', `/api/v1/apps/${other.id}/users`, { id: ann.id, scope: 'USER' });
    const [everyone] = await muster.ask('GET', `/api/v1/groups?q=${encodeURIComponent(LONG)}`);
    await muster.ask('PUT', `/api/v1/apps/${other.id}/groups/${everyone.id}`, { profile: { title: 'Engineer' } });
    pages = [
        // address, what is there when it is shown
        ['/applications', LONG],
        ['/applications?q=nothing', 'No application matches'],
        ['/nowhere', 'There is no such page'],
        ['/applications/0oa000000000000000000', 'This application is not there'],
        ['/system-log', 'application.lifecycle.create'],
        ['/system-log?q=nothing-like-this', 'No events match'],
        [`${base}/general`, 'App settings'],
        [`${base}/provisioning`, 'Provisioning to App'],
        [`${base}/assignments`, 'Nobody has this app yet'],
        [`${base}/assignments?filter=groups`, 'No group has this app yet'],
        [`${assigned}/assignments`, 'ann.long@example.com'],
        [`${assigned}/assignments?filter=groups`, LONG],
        [`${base}/push-groups`, 'because_it_says'],
        [`${base}/push-groups?q=nothing`, 'No pushed group matches'],
        [`${base}/push-groups?filter=errors`, 'Contractors'],
        [`${base}/push-groups?filter=rule`, 'Regions'],
        [`${base}/push-groups?filter=errors&info=${mapping.id}`, 'Try again now'],
    ];
});
after(async () => {
    await browser.stop();
    await target.stop();
    await muster.stop();
});

// What can be used and stands outside of the window, or is cut there; what scrolls by itself is left out.
function overTheEdge() {
    const found = document.documentElement.scrollWidth > window.innerWidth ? ['the page'] : [];
    for (const each of document.querySelectorAll('.muster-scroll-x')) {
        const beyond = each.scrollWidth - each.clientWidth;
        if (beyond > 1) found.push(`${beyond} pixels of a table`);
    }
    for (const each of document.querySelectorAll('main a, main button, main input:not([type=checkbox]), main h1, [role=dialog] button')) {
        const { left, right, width } = each.getBoundingClientRect();
        if (width > 0 && (right > window.innerWidth + 1 || left < -1) && !each.closest('nav, .muster-scroll-x')) found.push(each.outerHTML.slice(0, 120));
    }
    return found;
}

for (const [width, theme] of [
    [1280, 'light'],
    [360, 'dark'],
    [3840, 'dark'],
]) {
    test(`every page at ${width} pixels, ${theme}`, async () => {
        const page = await browser.openAsAdministrator(muster, { viewport: { width, height: 900 } });
        await chooseTheme(page, theme);
        const wrong = [];
        for (const [address, shown] of pages) {
            await page.goto(address);
            await page.getByText(shown).first().waitFor();
            assert.equal(await page.evaluate(() => document.documentElement.classList.contains('pf-v6-theme-dark')), theme === 'dark');
            for (const finding of await axe(page)) wrong.push(`${address}: ${finding}`);
            for (const finding of await page.evaluate(overTheEdge)) wrong.push(`${address}: over the edge: ${finding}`);
        }
        assert.deepEqual([...wrong, ...page.wrong], []);
        await page.context().close();
    });
}

test('the first page is loaded with less than 400 kB, and the second visit with next to nothing', async () => {
    const page = await browser.openAsAdministrator(muster);
    const bytes = async () => {
        let sum = 0;
        const count = async (request) => {
            const { responseBodySize, responseHeadersSize } = await request.sizes();
            sum += responseBodySize + responseHeadersSize;
        };
        const counted = [];
        const listen = (request) => counted.push(count(request).catch(() => 0));
        page.on('requestfinished', listen);
        await page.goto('/applications');
        await page.getByText(LONG).waitFor();
        page.off('requestfinished', listen);
        await Promise.all(counted);
        return sum;
    };
    const first = await bytes();
    assert.ok(first > 100000 && first < FIRST_LOAD_BYTES_MAX, `${first} bytes`);
    const assets = await page.evaluate(() => performance.getEntriesByType('resource').filter((each) => each.name.includes('/assets/')).length);
    assert.ok(assets >= 4);
    await page.reload();
    await page.getByText(LONG).waitFor();
    const again = await page.evaluate(() =>
        performance.getEntriesByType('resource').filter((each) => each.name.includes('/assets/') && each.transferSize > 0).map((each) => each.name),
    );
    assert.deepEqual(again, [], 'hashed files are not asked for again');
    await page.context().close();
});
