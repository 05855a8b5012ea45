// SPDX-License-Identifier: Apache-2.0
// The keyboard's place: what acts and stays on its page keeps the focus while the server has the act, and what goes away with
// it (a row, a dialog whose opener is gone) leaves it at the heading that is nearest, never at the top of the document.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, test } = require('node:test');
const { drawn, settled } = require('./browser');
const { Desk } = require('./desk');

let desk;
let page;
let group;
before(async () => {
    desk = await Desk.start();
    page = desk.page;
    group = await desk.group('Staff', [await desk.person('Ann'), await desk.person('Bob')]);
    await desk.assignGroup(group);
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/group-push/mappings`, { sourceGroupId: group.id, targetGroupName: 'Staff' });
    await desk.settle();
});
after(() => desk.stop());
afterEach(() => desk.check());

const ofApp = (part) => `/applications/${desk.app.id}/${part}`;
const about = () => page.evaluate(() => document.activeElement.outerHTML.slice(0, 160));
const nowhere = () => page.evaluate(() => document.activeElement === null || document.activeElement === document.body);
const somewhere = (why) => page.waitForFunction(() => document.activeElement !== null && document.activeElement !== document.body).catch(() => assert.fail(why));

// Presses Enter on it, holds the answer back, and says what is wrong with where the focus is meanwhile and afterwards.
async function press(act, locator, run) {
    await settled(page);
    const control = await locator.elementHandle(); // its name is another one meanwhile
    await desk.until(() => control.evaluate((each) => each.isConnected && each.ariaDisabled !== 'true'), `${act} can be used`);
    await control.focus();
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const asked = [];
    await page.route(/\/api\/v1\//, async (route) => {
        if (route.request().method() === 'GET') return route.fallback();
        asked.push(route.request().url());
        await held;
        return route.fallback();
    });
    const wrong = [];
    try {
        await run(control);
        await desk.until(() => asked.length > 0, `${act} asks the server`);
        const answered = page.waitForResponse((response) => response.request().method() !== 'GET');
        await drawn(page);
        if (!(await control.evaluate((element) => element === document.activeElement || element.contains(document.activeElement))))
            wrong.push(`${act}: while it is sent, the focus is at ${await about()}`);
        release();
        await answered;
    } finally {
        release();
        await page.unroute(/\/api\/v1\//);
    }
    await drawn(page);
    await somewhere(`${act}: afterwards the focus is nowhere`);
    return wrong;
}

const enter = () => page.keyboard.press('Enter');
const another = async (select) => select.selectOption({ index: (await select.evaluate((element) => element.selectedIndex)) === 0 ? 1 : 0 });

test('what acts and stays on its page keeps the focus while it is sent, on every page', async () => {
    const { id } = await desk.person('Cyd');
    await desk.ask('POST', `/api/v1/apps/${desk.app.id}/users`, { id, scope: 'USER' });
    const person = (part) => `/people/${id}/${part}`;
    const acts = [
        [ofApp('push-groups'), 'Refresh App Groups'],
        [ofApp('push-groups?filter=errors'), 'Retry All Groups'],
        [ofApp('provisioning'), 'Test connection'],
        [ofApp('provisioning'), 'Verify now'],
        [ofApp('general'), 'Pause'],
        [ofApp('general'), 'Resume'],
        [ofApp('general'), 'Save', async () => page.getByLabel('App name').fill('Our tool')],
        [ofApp('general'), 'Save', async () => page.getByLabel('App name').fill('My tool')],
        [ofApp('drift'), 'Scan Now'],
        [ofApp('import'), 'Import Now'],
        [ofApp('import'), 'Refresh App Groups'],
        [person('applications'), 'Push again everywhere'],
        [person('profile'), 'Save', async () => page.getByLabel('Last name').fill('Byron')],
    ];
    const wrong = [];
    for (const [path, name, prepare] of acts) {
        await page.goto(path);
        await desk.button(name).waitFor();
        if (prepare) await prepare();
        wrong.push(...(await press(`${path}: ${name}`, desk.button(name), enter)));
    }
    assert.deepEqual(wrong, []);
});

test('a switch, a choice that is saved at once, and a menu keep it too', async () => {
    const wrong = [];
    await page.goto(ofApp('provisioning'));
    const on = page.getByRole('switch', { name: 'Update User Attributes' });
    wrong.push(...(await press('a switch', on, () => page.keyboard.press('Space'))));
    wrong.push(...(await press('when to verify', page.getByLabel('Read members of groups back'), another)));
    await page.goto('/troubleshoot/same-groups');
    wrong.push(...(await press('one group for both', page.getByLabel('When one group becomes both'), another)));
    await page.goto(ofApp('push-groups'));
    const menu = page.getByRole('button', { name: 'push status of Staff' });
    wrong.push(
        ...(await press('a menu', menu, async () => {
            await enter();
            await page.getByRole('menuitem', { name: 'Deactivate group push' }).waitFor();
            await page.getByRole('menuitem', { name: 'Deactivate group push' }).focus();
            await enter();
        })),
    );
    await desk.statusShown('Staff', 'Inactive');
    assert.equal(await nowhere(), false);
    assert.deepEqual(wrong, []);
});

// Opens a dialog from a row by keys, confirms it, and says which heading has the focus once the row is gone.
async function taken(opener, confirm, row) {
    await opener.focus();
    await enter();
    await desk.dialog().getByRole('button', { name: confirm, exact: true }).focus();
    await desk.acting('/api/v1/', enter);
    await desk.dialog().waitFor({ state: 'detached' });
    await row.waitFor({ state: 'detached' });
    await somewhere(`${confirm}: the focus is nowhere`);
    return page.evaluate(() => `${document.activeElement.tagName} ${document.activeElement.innerText}`);
}

test('a row that is gone leaves the focus at the heading of its list', async () => {
    await page.goto(`/groups/${group.id}/members`);
    for (const [name, heading] of [['Ann', 'H1 Staff'], ['Bob', 'H2 Nobody is in this group']]) {
        const remove = desk.button(`Remove ${name} Lovelace`);
        assert.equal(await taken(remove, 'Remove', remove), heading);
        if (heading.startsWith('H2')) continue; // nothing is behind that
        await page.keyboard.press('Tab');
        assert.equal(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)), true, 'Tab goes on from there');
    }
});

test('what is done with several that were chosen leaves the focus at its button', async () => {
    await page.goto(ofApp('push-groups'));
    await desk.button('Bulk Edit').click();
    await page.getByLabel('Select Staff').check();
    const button = await desk.button('Activate').elementHandle();
    await button.focus();
    await desk.acting('/mappings/bulk', enter);
    await desk.said('0 groups selected');
    await drawn(page);
    assert.ok(await button.evaluate((element) => element === document.activeElement), `the focus is at ${await about()}`);
});
