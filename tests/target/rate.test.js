// SPDX-License-Identifier: Apache-2.0
// A target that takes 25 requests a second, over sockets: what it takes is found out and used, and hardly more is asked.
// What is counted is the target's own journal, per window. The simulated clock has the other rates
// (tests/unit/engine_rate_test.c). With MUSTER_TEST_FULL two minutes after the first one. Else 20 seconds of the first
// minute, when the rate was just found: less of it is used then. What a busy machine could not ask for while it was
// measured, and what it asked for at once after it had stood still, is made good in the windows after that one.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World } = require('./world');
const { PLAIN_BIN, Practice } = require('../lib/muster');
const { importCrowd, groupByName, until } = require('./crowd');

const PER_SECOND = 25;
const FROM = process.env.MUSTER_TEST_FULL ? 60 : 30; // seconds after the first request
const SECONDS = process.env.MUSTER_TEST_FULL ? 120 : 20;
const USED = process.env.MUSTER_TEST_FULL ? 0.95 : 0.85;
const WINDOWS = process.env.MUSTER_TEST_FULL ? 1 : 4;
const REFUSED = 0.01;
// A look-up and a creation for each: more than are done in that time.
const PEOPLE = (PER_SECOND * (FROM + WINDOWS * SECONDS + 10)) / 2;

test(`${PER_SECOND} requests a second: at least ${USED} of them used, less than ${REFUSED * 100} % refused`, async (t) => {
    const world = await World.start(() => Practice.start({ args: ['--journal-entries', '100000'], bin: PLAIN_BIN }), {
        muster: { bin: PLAIN_BIN },
    });
    try {
        const { muster, target, org } = world;
        await importCrowd(muster, PEOPLE, () => ['Everyone']);
        const app = await org.connectedApp(target);
        await target.faults([{ name: 'rate_limit', rate: PER_SECOND }]);
        const mark = await target.mark();
        await org.assignGroup(app, await groupByName(muster, 'Everyone'));
        const time = (entry) => Date.parse(entry.time);
        const last = async () => (await target.log((await target.mark()) - 1)).map(time)[0] || 0;
        await until('the first request', async () => (await target.log(mark)).length > 0);
        const first = time((await target.log(mark))[0]) + FROM * 1000;
        let [used, refused, all] = [0, 0, 0];
        const enough = () => used >= USED * PER_SECOND * SECONDS && refused < REFUSED * all;
        for (let i = 0; i < WINDOWS && !enough(); i++) {
            const begin = first + i * SECONDS * 1000;
            const end = begin + SECONDS * 1000;
            await until('the window is over', async () => (await last()) >= end, (FROM + SECONDS + 240) * 1000);

            const window = (await target.log(mark)).filter((entry) => time(entry) >= begin && time(entry) < end);
            refused = window.filter((entry) => entry.status === 429).length;
            all = window.length;
            used = all - refused;
            const learned = await muster.ask('GET', `/api/v1/apps/${app.id}/target`);
            t.diagnostic(`${used} used of ${PER_SECOND * SECONDS}, ${refused} refused; learned: ${JSON.stringify(learned)}`);
        }
        assert.ok((await target.state()).users < PEOPLE, 'there was always more to do');
        assert.ok(refused < REFUSED * all, `${refused} of ${all} refused`);
        assert.ok(used >= USED * PER_SECOND * SECONDS, `${used} of ${PER_SECOND * SECONDS} used`);
        muster.check();
    } finally {
        await world.stop();
    }
});
