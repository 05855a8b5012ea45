// SPDX-License-Identifier: Apache-2.0
// Every list of the console, for what is counted (lists.test.js) and measured (./dev bench console) with a large organisation.
//
//   name      what it lists
//   path      its page, given what makeMultitude() returned; without search
//   call      what the server is asked for it
//   other     what narrows it so that there are other rows, or none fewer, to ask for: a part of its address
//   selector  its rows
//   alike     rows may look the same
//   count     how many rows there are, given the sizes of makeMultitude(); Infinity where it only matters that they are many
'use strict';

const rows = (label) => `table[aria-label="${label}"] tbody tr`;
const ofApp = (at, rest) => `/applications/${at.app.id}/${rest}`;
const apiOf = (at, rest) => `/api/v1/apps/${at.app.id}/${rest}`;

const LISTS = [
    {
        name: 'people',
        path: () => '/people',
        call: () => '/api/v1/users?limit=50&search=status%20eq%20%22PROVISIONED%22&sortBy=profile.lastName',
        search: 'knuth 00',
        selector: rows('People'),
        count: (sizes) => sizes.people,
    },
    {
        name: 'groups',
        path: () => '/groups',
        call: () => '/api/v1/groups?limit=50&expand=stats,app&sortBy=profile.name',
        search: 'Team',
        selector: rows('Groups'),
        count: () => Infinity,
    },
    {
        name: 'members of a group',
        path: (at) => `/groups/${at.everybody.id}/members`,
        call: (at) => `/api/v1/groups/${at.everybody.id}/users?limit=50`,
        search: 'Ada',
        selector: rows('Members'),
        count: (sizes) => sizes.people,
    },
    {
        name: 'people with an app',
        path: (at) => ofApp(at, 'assignments'),
        call: (at) => apiOf(at, 'users?limit=50'),
        other: 'q=crowd-00',
        selector: rows('Assigned people'),
        count: (sizes) => sizes.people,
    },
    {
        name: 'pushed groups',
        path: (at) => ofApp(at, 'push-groups'),
        call: (at) => apiOf(at, 'group-push/mappings?limit=50&expand=groups'),
        other: 'q=Team',
        selector: rows('Pushed groups'),
        count: (sizes) => sizes.mappings,
    },
    {
        name: 'pushed groups that failed',
        path: (at) => ofApp(at, 'push-groups?filter=errors'),
        call: (at) => apiOf(at, 'group-push/mappings?limit=50&expand=groups&errors=true'),
        other: 'q=Team',
        selector: rows('Pushed groups'),
        count: (sizes) => sizes.errors,
    },
    {
        name: 'requests to an app',
        path: (at) => ofApp(at, 'activity'),
        call: (at) => apiOf(at, 'attempts?limit=50'),
        other: 'hours=24',
        selector: rows('Requests'),
        count: () => Infinity,
        alike: true,
    },
    {
        name: 'system log',
        path: () => '/system-log',
        call: () => '/api/v1/logs?limit=50&sortOrder=DESCENDING',
        other: 'q=group',
        selector: rows('Events'),
        count: () => Infinity,
        alike: true,
    },
];

module.exports = { LISTS };
