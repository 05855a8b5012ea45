// SPDX-License-Identifier: Apache-2.0
'use strict';

const okta = require('@okta/okta-sdk-nodejs');
const { Muster } = require('../lib/muster');
const { sdkClient, Org } = require('../lib/sdk');

// A server, a client of the SDK and a maker of people.
async function start(options) {
    const muster = await Muster.start(options);
    const client = sdkClient(okta, muster);
    return { muster, client, org: new Org(client, muster) };
}

module.exports = { okta, start, sdkClient };
