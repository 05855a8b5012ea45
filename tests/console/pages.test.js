// SPDX-License-Identifier: Apache-2.0
// Every page of pages.js in both themes and from 360 pixels to 4K: nothing stands over the edge, nothing is forbidden by the
// Content-Security-Policy, and axe finds nothing at 1280 pixels (elsewhere too with --full). And how much the first page loads.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { axe, drawn } = require('./browser');
const { PAGES } = require('./pages');
const { Tour } = require('./tour');

const FIRST_LOAD_BYTES_MAX = 400000;
const FULL = process.env.MUSTER_TEST_FULL;
const ALL = {};
const COLOURS = { runOnly: ['color-contrast'] };
// What the theme changes is colours, and what the width changes is not: with MUSTER_TEST_FULL all is asked everywhere.
const LOOKS = [
    { width: 1280, theme: 'light', axe: ALL },
    { width: 1280, theme: 'dark', axe: FULL ? ALL : COLOURS },
    { width: 360, theme: 'dark', axe: FULL ? ALL : undefined },
    { width: 360, theme: 'light', axe: FULL ? ALL : undefined },
    { width: 3840, theme: 'light' },
    // A screen of 1280 pixels at 200 %.
    ...(FULL ? [{ width: 640, theme: 'light' }] : []),
];

let tour;
before(async () => {
    tour = await Tour.start();
});
after(() => tour.stop());

// What can be used and stands outside of the window, or is cut there; what scrolls by itself is left out.
function overTheEdge() {
    const found = document.documentElement.scrollWidth > window.innerWidth ? ['the page'] : [];
    for (const each of document.querySelectorAll('.muster-scroll-x')) {
        const beyond = each.scrollWidth - each.clientWidth;
        if (beyond > 1) found.push(`${beyond} pixels of a table`);
    }
    for (const each of document.querySelectorAll('main, [class*=page__main-container], [class*=page__main-section], [role=dialog], [class*=modal-box__body]')) {
        const beyond = each.scrollWidth - each.clientWidth;
        if (beyond > 1) found.push(`${beyond} pixels of ${each.cloneNode(false).outerHTML}`);
    }
    // The tab that is shown.
    for (const each of document.querySelectorAll('main nav ul [aria-current=page]')) {
        const list = each.closest('ul').getBoundingClientRect();
        const { left, right, width } = each.getBoundingClientRect();
        if (width > 0 && (left < list.left - 1 || right > list.right + 1)) found.push(`the tab ${each.innerText}`);
    }
    // What ends with three dots.
    for (const each of document.querySelectorAll('main *, [role=dialog] *')) {
        if (each.scrollWidth > each.clientWidth + 1 && each.innerText && getComputedStyle(each).textOverflow === 'ellipsis') found.push(`cut: ${each.innerText}`);
    }
    for (const each of document.querySelectorAll('main a, main button, main input:not([type=checkbox]), main h1, [role=dialog] button')) {
        const { left, right, width } = each.getBoundingClientRect();
        if (width > 0 && (right > window.innerWidth + 1 || left < -1) && !each.closest('nav, .muster-scroll-x')) found.push(each.outerHTML.slice(0, 120));
    }
    return found;
}

test('each entry of pages.js has a name of its own', () => {
    assert.equal(new Set(PAGES.map((each) => each.name)).size, PAGES.length);
});

for (const entry of PAGES) {
    test(`${entry.name}: axe, widths and themes`, async () => {
        const page = await tour.visit(entry);
        const wrong = [];
        for (const look of LOOKS) {
            await page.setViewportSize({ width: look.width, height: 900 });
            await page.emulateMedia({ colorScheme: look.theme });
            await drawn(page);
            assert.equal(await page.evaluate(() => document.documentElement.classList.contains('pf-v6-theme-dark')), look.theme === 'dark');
            const told = `${look.width} pixels, ${look.theme}`;
            if (look.axe) for (const finding of await axe(page, look.axe)) wrong.push(`${told}: ${finding}`);
            for (const finding of await page.evaluate(overTheEdge)) wrong.push(`${told}: over the edge: ${finding}`);
        }
        assert.deepEqual([...wrong, ...page.wrong.splice(0)], []);
    });
}

test('times are in the zone of whoever looks, with the exact time for who points at one', async () => {
    const page = await tour.browser.openAsAdministrator(tour.inhabited, { timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
    await page.goto('/system-log');
    const time = page.locator('tbody time').first();
    await time.waitFor();
    const shown = await time.evaluate((each) => ({ title: each.title, iso: each.dateTime, text: each.innerText }));
    const hours = new Date(Date.parse(shown.iso) + 9 * 3600000).toISOString().slice(11, 16);
    assert.ok(shown.title.includes(hours) && shown.title.includes('GMT+9'), `${shown.iso} is told as ${shown.title}`);
    assert.match(shown.text, /now|ago/);
    await page.context().close();
});

test('on a phone the places go when one was chosen, and the heading of the page has the focus', async () => {
    const page = await tour.browser.openAsAdministrator(tour.empty, { viewport: { width: 360, height: 740 } });
    await page.goto('/applications');
    await page.getByRole('button', { name: 'Navigation' }).click();
    await page.getByRole('link', { name: 'People', exact: true }).click();
    await page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelector('[class*=page__sidebar]').getAttribute('aria-hidden') === 'true');
    await page.waitForFunction(() => document.activeElement.tagName === 'H1');
    await page.context().close();
});

test('who wants little motion gets none', async () => {
    const entry = PAGES.find(({ name }) => name === 'push-groups');
    const moving = async (reducedMotion) => {
        const page = await tour.browser.openAsAdministrator(tour.inhabited, { reducedMotion });
        await page.goto(entry.path(tour.at));
        await page.getByText(entry.shown).first().waitFor();
        await page.getByRole('button', { name: 'Push Groups', exact: true }).click();
        await page.getByRole('menuitem').first().waitFor();
        // What changes its place or size by and by; colours may.
        const found = await page.evaluate(() =>
            [...document.querySelectorAll('*')]
                .flatMap((each) => [null, '::before', '::after'].map((pseudo) => getComputedStyle(each, pseudo)))
                .filter((style) => {
                    const lasts = style.transitionDuration.split(', ').map(parseFloat);
                    const moves = style.transitionProperty.split(', ').some((property, i) => /transform|translate|height|width|inset|all/.test(property) && lasts[i % lasts.length] > 0.001);
                    return moves || (style.animationName !== 'none' && parseFloat(style.animationDuration) > 0.001);
                }).length,
        );
        await page.context().close();
        return found;
    };
    assert.ok((await moving('no-preference')) > 0);
    assert.equal(await moving('reduce'), 0);
});

test('dark or light is chosen in the menu, whatever the system says, and is kept', async () => {
    const page = await tour.browser.openAsAdministrator(tour.empty, { colorScheme: 'light' });
    const dark = () => page.evaluate(() => document.documentElement.classList.contains('pf-v6-theme-dark'));
    const choose = async (text) => {
        await page.getByRole('button', { name: /^Account of/ }).click();
        await page.getByRole('menuitem', { name: text }).click();
    };
    await page.goto('/applications');
    await choose('Dark');
    assert.equal(await dark(), true);
    await page.reload();
    assert.equal(await dark(), true);
    await choose('As the system says');
    assert.equal(await dark(), false);
    assert.deepEqual(page.wrong, []);
    await page.context().close();
});

test('the first page is loaded with less than 400 kB, and the second visit with next to nothing', async () => {
    const page = await tour.browser.openAsAdministrator(tour.inhabited);
    // With its charts, which come last.
    const whole = () => page.getByRole('figure', { name: /^Members in step/ }).waitFor();
    const bytes = async () => {
        let sum = 0;
        const count = async (request) => {
            const { responseBodySize, responseHeadersSize } = await request.sizes();
            sum += responseBodySize + responseHeadersSize;
        };
        const counted = [];
        const listen = (request) => counted.push(count(request).catch(() => 0));
        page.on('requestfinished', listen);
        await page.goto('/');
        await whole();
        page.off('requestfinished', listen);
        await Promise.all(counted);
        return sum;
    };
    const first = await bytes();
    assert.ok(first > 100000 && first < FIRST_LOAD_BYTES_MAX, `${first} bytes`);
    const assets = await page.evaluate(() => performance.getEntriesByType('resource').filter((each) => each.name.includes('/assets/')).length);
    assert.ok(assets >= 4);
    await page.reload();
    await whole();
    const again = await page.evaluate(() =>
        performance.getEntriesByType('resource').filter((each) => each.name.includes('/assets/') && each.transferSize > 0).map((each) => each.name),
    );
    assert.deepEqual(again, [], 'hashed files are not asked for again');
    await page.context().close();
});
