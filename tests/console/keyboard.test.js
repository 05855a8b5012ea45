// SPDX-License-Identifier: Apache-2.0
// By keys alone on every page: one sees where one is, nothing is out of reach, and a dialog that is closed leads back to where
// it was opened. (What keys do on Push Groups is in push-groups.test.js.)
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { PAGES } = require('./pages');
const { Tour } = require('./tour');

const STOPS_MAX = 120;
const BACK_MS = 30000; // which only pass when the focus does not come back

let tour;
before(async () => {
    tour = await Tour.start();
});
after(() => tour.stop());

const entry = (name) => PAGES.find((each) => each.name === name);
const focused = (page) =>
    page.evaluate(() => {
        const each = document.activeElement;
        return (each.getAttribute('aria-label') || each.labels?.[0]?.innerText || each.innerText || each.tagName).trim().split('\n')[0];
    });

// In the page: what is wrong with how the element that has the focus is seen, or null. It is blurred and gets the focus again.
function unseen() {
    const each = document.activeElement;
    const about = each.outerHTML.slice(0, 140);
    const { top, bottom, left, right, width, height } = each.getBoundingClientRect();
    if (width < 1 || height < 1) return `nothing is drawn of ${about}`;
    if (bottom < 1 || top > window.innerHeight - 1 || right < 1 || left > window.innerWidth - 1) return `out of sight: ${about}`;
    // Itself, its label and what is drawn around it (a field's frame).
    const drawn = () =>
        [each, each.parentElement, each.parentElement.parentElement, each.nextElementSibling]
            .filter(Boolean)
            .flatMap((part) => [null, '::before', '::after'].map((pseudo) => getComputedStyle(part, pseudo)))
            .map((style) =>
                [style.outlineStyle === 'none' ? '' : `${style.outlineWidth} ${style.outlineColor}`, style.boxShadow, style.borderColor, style.borderWidth, style.backgroundColor, style.textDecorationLine].join(),
            )
            .join('|');
    const with_ = drawn();
    each.blur();
    const without = drawn();
    each.focus({ preventScroll: true, focusVisible: true });
    return with_ === without ? `the focus is not seen: ${about}` : null;
}

for (const each of PAGES.filter(({ picture, path }) => picture && path)) {
    test(`${each.name}: Tab leads through the page and is seen everywhere`, async () => {
        const page = await tour.visit(each);
        const wrong = new Set();
        const stops = new Set();
        // A field may have the focus from the start; on a page, what stands above it comes after the end.
        let begun = await page.evaluate(() => document.activeElement !== document.body && Boolean((document.activeElement.dataset.stop = 'first')));
        for (let i = 0; i < STOPS_MAX; i++) {
            await page.keyboard.press('Tab');
            const key = await page.evaluate(() => {
                const here = document.activeElement;
                if (here === document.body) return null;
                here.dataset.stop ??= String(Math.random());
                return here.dataset.stop;
            });
            if (key === null && begun) {
                begun = false;
                continue;
            }
            if (key === null || stops.has(key)) break;
            stops.add(key);
            const finding = await page.evaluate(unseen);
            if (finding) wrong.add(finding);
        }
        assert.ok(stops.size > 0 && stops.size < STOPS_MAX, `${stops.size} stops`);
        // Whoever has a mouse reaches nothing that has no stop, apart from the parts of a group of which one has it.
        const missed = await page.evaluate(() => {
            const within = document.querySelector('[role=dialog]') ?? document;
            return [...within.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), select, textarea')]
                .filter((each_) => each_.checkVisibility({ checkVisibilityCSS: true }) && !each_.dataset.stop)
                .filter((each_) => !(each_.type === 'radio' && document.querySelector(`input[name="${each_.name}"][data-stop]`)))
                .map((each_) => each_.outerHTML.slice(0, 140));
        });
        assert.deepEqual([...wrong, ...missed.map((html) => `Tab does not lead to ${html}`)], []);
    });
}

test('the first stop skips what is the same on every page', async () => {
    const page = await tour.visit(entry('applications'));
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)), true);
});

test('a dialog that is closed leads back to what opened it', async () => {
    const opened = [
        ['applications', 'Create app integration'],
        ['push-groups', 'Settings'],
        ['push-groups', 'Information on Contractors'],
        ['push-groups', 'Push Groups', 'Find groups by rule'],
        ['push-groups', /push status of Engineering/, 'Unlink pushed group'],
        ['applications', /^Account of/, 'Change password'],
    ];
    const wrong = [];
    for (const [name, opener, item] of opened) {
        const page = await tour.visit(entry(name));
        const button = page.getByRole('button', { name: opener, exact: true }).first();
        await button.focus();
        await page.keyboard.press('Enter');
        if (item) {
            // The menu gives the focus to its first item, a moment after it is there.
            await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'menuitem');
            await page.getByRole('menuitem', { name: item }).focus();
            await page.keyboard.press('Enter');
        }
        await page.getByRole('dialog').waitFor();
        await page.waitForFunction(() => document.querySelector('[role=dialog]').contains(document.activeElement));
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        const back = page.waitForFunction((element) => document.activeElement === element, await button.elementHandle(), { timeout: BACK_MS });
        const there = await back.then(
            () => true,
            () => false,
        );
        if (!there) wrong.push(`${opener} ${item ?? ''}: ${await focused(page)}`);
    }
    assert.deepEqual(wrong, []);
});

test('a page that is chosen is told to a screen reader, and takes the focus that its link had', async () => {
    const page = await tour.visit(entry('applications'));
    await page.getByRole('link', { name: 'Chat' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Chat', level: 1 }).waitFor();
    await page.waitForFunction(() => document.activeElement.tagName === 'H1');
    await page.getByRole('link', { name: 'Push Groups' }).click();
    await page.waitForFunction(() => document.title === 'Push Groups · Chat · Muster');
    await page.getByRole('status').filter({ hasText: 'Push Groups · Chat' }).waitFor({ state: 'attached' });
});
