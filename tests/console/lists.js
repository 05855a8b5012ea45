// SPDX-License-Identifier: Apache-2.0
// Every list of the console, for what is counted (lists.test.js) and measured (./dev bench console) with a large organisation.
//
//   name      what it lists
//   path      its page, given what makeMultitude() returned; without search
//   call      what the server is asked for it
//   search    a text that fits some rows
//   selector  its rows
//   count     how many rows there are, given the sizes of makeMultitude(); Infinity where it only matters that they are many
'use strict';

const rows = (label) => `table[aria-label="${label}"] tbody tr`;
const ofApp = (at, rest) => `/applications/${at.app.id}/${rest}`;
const apiOf = (at, rest) => `/api/v1/apps/${at.app.id}/${rest}`;

const LISTS = [
    {
        name: 'people with an app',
        path: (at) => ofApp(at, 'assignments'),
        call: (at) => apiOf(at, 'users?limit=50'),
        search: 'crowd-00',
        selector: rows('Assigned people'),
        count: (sizes) => sizes.people,
    },
    {
        name: 'pushed groups',
        path: (at) => ofApp(at, 'push-groups'),
        call: (at) => apiOf(at, 'group-push/mappings?limit=50&expand=groups'),
        search: 'Team',
        selector: rows('Pushed groups'),
        count: (sizes) => sizes.mappings,
    },
    {
        name: 'pushed groups that failed',
        path: (at) => ofApp(at, 'push-groups?filter=errors'),
        call: (at) => apiOf(at, 'group-push/mappings?limit=50&expand=groups&errors=true'),
        search: 'Team',
        selector: rows('Pushed groups'),
        count: (sizes) => sizes.errors,
    },
    {
        name: 'system log',
        path: () => '/system-log',
        call: () => '/api/v1/logs?limit=50&sortOrder=DESCENDING',
        search: 'group',
        selector: rows('Events'),
        count: () => Infinity,
    },
];

module.exports = { LISTS };
