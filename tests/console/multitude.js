// SPDX-License-Identifier: Apache-2.0
// A large organisation: people and groups by the command line's import, an app that everybody has, and pushes to the practice
// target, some of which fail. One name in fifty is as long as it may become and has no blank.
'use strict';

const assert = require('node:assert/strict');
const { connectedApp, groupByName, importCrowd, inParallel } = require('../target/crowd');

const TEAMS_EACH = 5;
const LONG_EVERY = 50;
const SYNC_MS = 600000;
const SIZES = { people: 10000, groups: 1000, mappings: 500, errors: 40 };
const FIRST = ['Ada', 'Grace', 'Alan', 'Katherine', 'Edsger', 'Barbara', 'Dennis', 'Radia', 'Niklaus', 'Frances'];
const LAST = ['Lovelace', 'Hopper', 'Turing', 'Johnson', 'Dijkstra', 'Liskov', 'Ritchie', 'Perlman', 'Wirth', 'Allen', 'Knuth'];

const long = (text, characters) => `${text}_${'without_a_blank_'.repeat(characters / 16)}`.slice(0, characters);

function teamName(i) {
    const name = `Team ${String(i).padStart(4, '0')}`;
    return i % LONG_EVERY === 7 ? long(name.replace(' ', '_'), 200) : name;
}

function nameOf(i) {
    const last = `${LAST[i % LAST.length]}-${i}`;
    return [FIRST[i % FIRST.length], i % LONG_EVERY === 7 ? long(last, 50) : last];
}

async function allGroups(muster) {
    const groups = await muster.ask('GET', '/api/v1/groups?limit=10000');
    return new Map(groups.map((group) => [group.profile.name, group]));
}

// The app, the group of everybody, which is pushed too, its mapping, and a mapping that failed.
async function makeMultitude(muster, target, sizes = SIZES) {
    const { people, groups, mappings, errors } = sizes;
    await importCrowd(muster, people, (i) => ['Everybody', ...Array.from({ length: TEAMS_EACH }, (_, k) => teamName((i * 7 + k * 13) % groups))], { nameOf });
    const everybody = await groupByName(muster, 'Everybody');
    const app = await connectedApp(muster, 'Big app', target);
    await muster.ask('PUT', `/api/v1/apps/${app.id}/groups/${everybody.id}`, {});
    const byName = await allGroups(muster);
    assert.ok(byName.size >= groups, `${byName.size} groups`);
    const push = async (i) => {
        const name = i === 0 ? 'Everybody' : teamName(i);
        return muster.ask('POST', `/api/v1/apps/${app.id}/group-push/mappings`, { sourceGroupId: byName.get(name).id, targetGroupName: name });
    };
    const numbers = Array.from({ length: mappings }, (_, i) => i);
    const large = await push(0);
    await inParallel(numbers.slice(1, mappings - errors), push);
    await muster.synced(app.id, { timeout: SYNC_MS });
    await target.faults([{ name: 'status', method: 'POST', path: '/Groups', status: 403, text: 'This plan has no room for more groups' }]);
    const failed = [];
    await inParallel(numbers.slice(mappings - errors), async (i) => failed.push(await push(i)));
    await muster.sync(app.id, { timeout: SYNC_MS });
    await target.faults([]);
    return { app, everybody, large, failed: failed[0] };
}

module.exports = { SIZES, makeMultitude, teamName };
