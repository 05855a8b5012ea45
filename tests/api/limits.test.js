// SPDX-License-Identifier: Apache-2.0
// The rate limit, and the SDK's own way to live with it. Takes up to a minute: the window is one.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { start, sdkClient, okta } = require('./world');
const { all, refused } = require('../lib/sdk');

describe('the rate limit', () => {
    let muster;
    let client;

    before(async () => {
        ({ muster, client } = await start({ args: ['--rate', '20'] }));
    });
    after(() => muster && muster.stop());

    test('429 with the published headers; the SDK waits for the next window and comes through', async () => {
        // Two windows at most are needed to find the end of one.
        let limited;
        for (let i = 0; i < 45 && !limited; i++) {
            const answer = await muster.call('GET', '/api/v1/groups?limit=1');
            if (answer.status === 429) limited = answer;
            else assert.equal(answer.status, 200);
        }
        assert.ok(limited, 'no 429 after 45 requests');
        assert.equal(limited.json.errorCode, 'E0000047');
        assert.equal(limited.headers['x-rate-limit-limit'], '20');
        assert.equal(limited.headers['x-rate-limit-remaining'], '0');
        const wait = Number(limited.headers['x-rate-limit-reset']) * 1000 - Date.parse(limited.headers.date);
        assert.ok(wait <= 60000, `reset in ${wait} ms`); // the header is written later than the minute is looked at

        const impatient = sdkClient(okta, muster, { maxRetries: 0 });
        // Limited until the end of the minute, which may come meanwhile: then this is the first of twenty in the next.
        const answer = await impatient.groupApi.getGroup({ groupId: '00g0000000000000000x' }).catch((error) => error);
        const passed = Date.now() >= Number(limited.headers['x-rate-limit-reset']) * 1000;
        if (!passed || answer.status === 429) await refused(Promise.reject(answer), 429, 'E0000047');
        let waited = 0;
        client.executor.on('backoff', () => waited++);
        const groups = await all(client.groupApi.listGroups({ limit: 1 }));
        assert.ok(Array.isArray(groups));
        assert.ok(waited <= 2);
        muster.check();
    });
});
