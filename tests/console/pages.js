// SPDX-License-Identifier: Apache-2.0
// Every page of the console, once: for axe and the widths (pages.test.js) and for the pictures in docs/ (screens.js).
// A page that is added to the console is added here, what it shows to organisation.js.
//
//   name     of the picture's file, unique
//   path     an address, or a function of what organisation.js returned
//   shown    a text that is there when the page is
//   picture  what docs/screens.md says of it; without it there is none
//   open     what is done on the page first: a function of it, such as one that opens a dialog
//   who      'nobody': not signed in; else the administrator
//   where    'empty': an organisation in which nothing is yet; else that of organisation.js
'use strict';

const { LONG } = require('./organisation');

const button = (page, name) => page.getByRole('button', { name, exact: true });
const item = (page, name) => page.getByRole('menuitem', { name });

const PAGES = [
    { name: 'sign-in', path: '/sign-in', shown: 'Sign in to Muster', who: 'nobody', picture: 'Signing in' },

    { name: 'overview', path: '/', shown: 'Members in step', picture: 'Overview' },
    { name: 'overview-none', path: '/', shown: 'Bring the first group into an app', where: 'empty', picture: 'Overview, before anything is pushed' },
    {
        name: 'overview-tables',
        path: '/',
        shown: 'Members in step',
        open: async (page) => {
            for (const chart of ['Pushes and failures', 'From change to app', 'Members in step']) {
                await button(page, `${chart}: show as table`).click();
                await page.getByRole('grid', { name: chart }).waitFor();
            }
        },
    },

    { name: 'people', path: '/people', shown: 'ada.lovelace@example.com', picture: 'People' },
    { name: 'people-none', path: '/people', shown: 'There are no people yet', where: 'empty' },
    { name: 'people-no-match', path: '/people?q=nothing', shown: 'Nobody matches' },
    {
        name: 'person-create',
        path: '/people',
        shown: 'ada.lovelace@example.com',
        open: async (page) => {
            await button(page, 'Add person').first().click();
            await page.getByLabel('First name').fill('Grace');
        },
    },
    { name: 'person-profile', path: (at) => `${at.person}/profile`, shown: 'Set another attribute', picture: 'One person: profile' },
    { name: 'person-deactivated', path: (at) => `${at.deactivated}/profile`, shown: 'The accounts in apps are deactivated' },
    { name: 'person-groups', path: (at) => `${at.person}/groups`, shown: 'Engineering', picture: 'One person: groups' },
    { name: 'person-groups-none', path: (at) => `${at.deactivated}/groups`, shown: 'is in no group' },
    { name: 'person-applications', path: (at) => `${at.person}/applications`, shown: 'Chat', picture: 'One person: applications' },
    { name: 'person-applications-none', path: (at) => `${at.deactivated}/applications`, shown: 'has no application' },
    { name: 'person-history', path: (at) => `${at.person}/history`, shown: 'user.lifecycle.create', picture: 'One person: what happened' },
    { name: 'person-not-found', path: '/people/00u00000000000000000', shown: 'This person is not there' },
    {
        name: 'person-deactivate',
        path: (at) => `${at.person}/profile`,
        shown: 'Set another attribute',
        picture: 'One person: what deactivating takes away',
        open: async (page) => {
            await button(page, 'Actions on Ada Lovelace').click();
            await item(page, 'Deactivate').click();
            await page.getByText('accounts are deactivated').waitFor();
        },
    },

    { name: 'groups', path: '/groups', shown: 'Engineering', picture: 'Groups' },
    { name: 'groups-none', path: '/groups', shown: 'There are no groups yet', where: 'empty' },
    { name: 'groups-no-match', path: '/groups?q=nothing', shown: 'No group matches' },
    {
        name: 'group-create',
        path: '/groups',
        shown: 'Engineering',
        open: async (page) => {
            await button(page, 'Add group').first().click();
            await page.getByLabel('Description').waitFor();
        },
    },
    { name: 'group-members', path: (at) => `${at.group}/members`, shown: 'ada.lovelace@example.com', picture: 'One group: members' },
    { name: 'group-members-none', path: (at) => `${at.emptyGroup}/members`, shown: 'Nobody is in this group' },
    { name: 'group-members-long', path: (at) => `${at.longGroup}/members`, shown: 'ada.lovelace@example.com' },
    {
        name: 'group-add-people',
        path: (at) => `${at.emptyGroup}/members`,
        shown: 'Nobody is in this group',
        picture: 'One group: adding people',
        open: async (page) => {
            await button(page, 'Add people').first().click();
            for (const name of ['Ada', 'Alan']) {
                await page.getByRole('combobox', { name: 'Person' }).fill(name);
                await page.getByRole('option', { name }).first().click();
            }
            await button(page, 'Add 2').waitFor();
        },
    },
    { name: 'group-rules-none', path: (at) => `${at.group}/rules`, shown: 'No rule puts people into this group' },
    { name: 'group-applications', path: (at) => `${at.group}/applications`, shown: 'Yes, priority', picture: 'One group: applications and pushes' },
    { name: 'group-applications-error', path: (at) => `${at.networking}/applications`, shown: 'Why, and what helps' },
    { name: 'group-applications-none', path: (at) => `${at.emptyGroup}/applications`, shown: 'No application has to do with this group' },
    { name: 'group-history', path: (at) => `${at.group}/history`, shown: 'group.lifecycle.create' },
    { name: 'group-not-found', path: '/groups/00g00000000000000000', shown: 'This group is not there' },
    {
        name: 'group-delete',
        path: (at) => `${at.group}/members`,
        shown: 'ada.lovelace@example.com',
        open: async (page) => {
            await button(page, 'Actions on Engineering').click();
            await item(page, 'Delete').click();
            await page.getByText('Group rules that name it become invalid').waitFor();
        },
    },

    { name: 'rules', path: '/group-rules', shown: 'Names with an o', picture: 'Group Rules' },
    { name: 'rules-none', path: '/group-rules', shown: 'There are no group rules yet', where: 'empty' },
    { name: 'rules-no-match', path: '/group-rules?q=nothing', shown: 'No rule matches' },
    { name: 'rule', path: (at) => at.rule, shown: 'match of', picture: 'One group rule' },
    { name: 'rule-invalid', path: (at) => at.invalidRule, shown: 'This rule does nothing' },
    { name: 'rule-not-found', path: '/group-rules/0pr00000000000000000', shown: 'This rule is not there' },
    {
        name: 'rule-new',
        path: '/group-rules/new',
        shown: 'Add rule',
        picture: 'A group rule that is being written: the fault is shown at its place',
        open: async (page) => {
            await page.getByLabel('Rule name').fill('Sales in Germany');
            await page.getByLabel('Whoever').fill('user.department == "Sales" AND user.contryCode == "DE"');
            await page.getByText('position 32').waitFor();
        },
    },

    { name: 'applications', path: '/applications', shown: 'Chat', picture: 'Applications' },
    { name: 'applications-none', path: '/applications', shown: 'There are no applications yet', where: 'empty', picture: 'Applications, before there is one' },
    { name: 'applications-no-match', path: '/applications?q=nothing', shown: 'No application matches' },
    { name: 'not-found', path: '/nowhere', shown: 'There is no such page' },
    { name: 'app-not-found', path: '/applications/0oa000000000000000000', shown: 'This application is not there' },
    {
        name: 'app-create',
        path: '/applications',
        shown: 'Chat',
        open: async (page) => {
            await button(page, 'Create app integration').first().click();
            await page.getByLabel('App name').waitFor();
        },
    },

    { name: 'app-general', path: (at) => `${at.app}/general`, shown: 'App settings', picture: 'One app: General' },
    {
        name: 'app-limits',
        path: (at) => `${at.app}/general`,
        shown: 'Deletion limits',
        open: async (page) => {
            await button(page, 'Change the limit: Groups deleted').click();
            await page.getByLabel('A limit of its own').check();
            await page.getByLabel('Per cent').fill('5');
        },
    },
    { name: 'app-provisioning', path: (at) => `${at.app}/provisioning`, shown: 'Provisioning to App', picture: 'One app: Provisioning' },
    { name: 'app-provisioning-none', path: (at) => `${at.empty}/provisioning`, shown: 'SCIM base URL' },
    {
        name: 'app-mapping-edit',
        path: (at) => `${at.app}/provisioning`,
        shown: 'Profile mapping',
        picture: 'Provisioning: the mapping of one attribute, tried on a person',
        open: async (page) => {
            await button(page, 'Edit the mapping of Title').click();
            await page.getByRole('textbox', { name: 'Expression' }).fill('user.title ?: "Employee"');
            await page.getByRole('combobox', { name: 'Preview for' }).fill('ada');
            await page.getByRole('option', { name: 'ada.lovelace@example.com' }).click();
            await page.getByText('This differs from what the app acknowledged.').waitFor();
        },
    },
    {
        name: 'app-mapping-preview',
        path: (at) => `${at.app}/provisioning`,
        shown: 'Profile mapping',
        open: async (page) => {
            await button(page, 'Preview').click();
            await page.getByRole('combobox', { name: 'Preview for' }).fill('ann');
            await page.getByRole('option', { name: 'ann.long@example.com' }).click();
            await page.getByRole('grid', { name: 'What the app would hold' }).waitFor();
        },
    },
    {
        name: 'app-target-tell',
        path: (at) => `${at.app}/provisioning`,
        shown: 'What is known of the app',
        open: async (page) => {
            await button(page, 'Tell: Seconds to answer').click();
            await page.getByRole('textbox', { name: 'Value' }).fill('30');
        },
    },
    { name: 'app-import', path: (at) => `${at.imported}/import`, shown: 'radia@elsewhere.example', picture: 'One app: Import, with users that nobody has confirmed' },
    { name: 'app-import-none', path: (at) => `${at.empty}/import`, shown: 'No user waits for you' },
    { name: 'app-import-groups', path: (at) => `${at.app}/import?view=groups`, shown: 'Engineering' },
    { name: 'app-import-past', path: (at) => `${at.imported}/import?view=past`, shown: 'This key may not read users', picture: 'Import: past imports' },
    { name: 'app-import-settings', path: (at) => `${at.imported}/import?view=settings`, shown: 'Next import', picture: 'Import: schedule and matching' },
    {
        name: 'app-import-confirm',
        path: (at) => `${at.imported}/import`,
        shown: 'radia@elsewhere.example',
        open: async (page) => {
            await button(page, 'Say who radia@elsewhere.example is').click();
            await page.getByText('Nobody: ignore it').waitFor();
        },
    },
    { name: 'app-people', path: (at) => `${at.app}/assignments`, shown: 'ada.lovelace@example.com', picture: 'One app: people who have it' },
    {
        name: 'app-convert',
        path: (at) => `${at.app}/assignments`,
        shown: 'ada.lovelace@example.com',
        picture: 'Assignments: converting many at once',
        open: async (page) => {
            await button(page, 'Convert assignments').click();
            await page.getByText('would be converted').waitFor();
        },
    },
    { name: 'app-people-none', path: (at) => `${at.empty}/assignments`, shown: 'Nobody has this app yet' },
    { name: 'app-groups', path: (at) => `${at.app}/assignments?filter=groups`, shown: 'Engineering', picture: 'One app: groups whose members have it' },
    { name: 'app-groups-none', path: (at) => `${at.empty}/assignments?filter=groups`, shown: 'No group has this app yet' },
    { name: 'app-long-groups', path: (at) => `${at.long}/assignments?filter=groups`, shown: LONG },
    { name: 'app-long-people', path: (at) => `${at.long}/assignments`, shown: 'ada.lovelace@example.com' },

    { name: 'push-groups', path: (at) => `${at.app}/push-groups`, shown: 'Contractors', picture: 'One app: Push Groups' },
    { name: 'push-groups-none', path: (at) => `${at.empty}/push-groups`, shown: 'Push Groups' },
    { name: 'push-groups-long', path: (at) => `${at.long}/push-groups`, shown: LONG, picture: 'Push Groups, with names as long as they may be' },
    { name: 'push-groups-no-match', path: (at) => `${at.app}/push-groups?q=nothing`, shown: 'No pushed group matches' },
    { name: 'push-groups-errors', path: (at) => `${at.app}/push-groups?filter=errors`, shown: 'Contractors', picture: 'Push Groups: what failed' },
    { name: 'push-groups-rules', path: (at) => `${at.app}/push-groups?filter=rule`, shown: 'Regions', picture: 'Push Groups: by rule' },
    {
        name: 'push-groups-information',
        path: (at) => `${at.app}/push-groups?filter=errors&info=${at.failed}`,
        shown: 'Try again now',
        picture: 'Push Groups: why a group failed, and what helps',
    },
    {
        name: 'push-groups-by-name',
        path: (at) => `${at.app}/push-groups`,
        shown: 'Contractors',
        picture: 'Push Groups: find groups by name',
        open: async (page) => {
            await button(page, 'Push Groups').click();
            await item(page, 'Find groups by name').click();
            await page.getByRole('combobox', { name: 'Group to push' }).fill('Design');
            await page.getByRole('option', { name: 'Design' }).first().click();
            await page.getByText('Match result & push action').waitFor();
        },
    },
    {
        name: 'push-groups-by-rule',
        path: (at) => `${at.app}/push-groups`,
        shown: 'Contractors',
        picture: 'Push Groups: find groups by rule',
        open: async (page) => {
            await button(page, 'Push Groups').click();
            await item(page, 'Find groups by rule').click();
            await page.getByLabel('Rule name').fill('Teams');
            await page.getByRole('textbox', { name: 'Group name' }).fill('E');
            await page.getByRole('grid', { name: 'Groups that match' }).waitFor();
        },
    },
    {
        name: 'push-groups-settings',
        path: (at) => `${at.app}/push-groups`,
        shown: 'Contractors',
        open: async (page) => {
            await button(page, 'Settings').click();
            await page.getByLabel('Rename app groups to match group name').waitFor();
        },
    },
    {
        name: 'push-groups-bulk',
        path: (at) => `${at.app}/push-groups`,
        shown: 'Contractors',
        open: async (page) => {
            await button(page, 'Bulk Edit').click();
            await page.getByLabel('Select Contractors', { exact: true }).check();
            await page.getByText('1 group selected').first().waitFor();
        },
    },

    { name: 'app-drift', path: (at) => `${at.drifted}/drift`, shown: 'not known to the directory', picture: 'One app: Drift' },
    { name: 'app-drift-none', path: (at) => `${at.empty}/drift`, shown: 'Wiki was not scanned yet' },
    { name: 'app-drift-accepted', path: (at) => `${at.drifted}/drift?view=accepted`, shown: 'Nothing is accepted' },
    { name: 'app-drift-scans', path: (at) => `${at.drifted}/drift?view=scans`, shown: '2 different' },
    { name: 'app-drift-settings', path: (at) => `${at.drifted}/drift?view=settings`, shown: 'Scan every so many hours', picture: 'Drift: when, and what follows' },
    {
        name: 'app-drift-repair',
        path: (at) => `${at.drifted}/drift`,
        shown: 'not known to the directory',
        open: async (page) => {
            await page.getByLabel('Select all rows').check();
            await button(page, 'Repair (2)').click();
            await page.getByText('1 membership is removed').waitFor();
        },
    },
    { name: 'app-activity', path: (at) => `${at.app}/activity`, shown: 'POST /Groups', picture: 'One app: Activity' },
    { name: 'app-activity-none', path: (at) => `${at.empty}/activity`, shown: 'Nothing was asked of Wiki yet' },
    {
        name: 'app-activity-detail',
        path: (at) => `${at.app}/activity?filter=failures`,
        shown: 'HTTP 403',
        picture: 'Activity: one request and its answer',
        open: async (page) => {
            await button(page, 'POST /Groups').first().click();
            await page.getByLabel('Body of the answer').waitFor();
        },
    },
    { name: 'push-mapping', path: (at) => `${at.app}/push-groups/${at.mapping}`, shown: 'ada.lovelace@example.com', picture: 'One pushed group: its members' },
    { name: 'push-mapping-failed', path: (at) => `${at.app}/push-groups/${at.failed}`, shown: 'This plan has no room', picture: 'One pushed group that failed' },
    { name: 'push-mapping-events', path: (at) => `${at.app}/push-groups/${at.mapping}?part=events`, shown: 'group_push.mapping.created', picture: 'One pushed group: what happened' },
    { name: 'push-mapping-requests', path: (at) => `${at.app}/push-groups/${at.mapping}?part=attempts`, shown: 'HTTP 201' },
    { name: 'push-mapping-information', path: (at) => `${at.app}/push-groups/${at.mapping}?part=information`, shown: 'acknowledged by the app' },
    {
        name: 'push-mapping-why',
        path: (at) => `${at.app}/push-groups/${at.mapping}?info=${at.ada}`,
        shown: 'as it should be',
        picture: 'One pushed group: why somebody is in it',
    },
    { name: 'push-mapping-gone', path: (at) => `${at.app}/push-groups/gPm00000000000000000`, shown: 'This group is no longer pushed' },

    { name: 'why', path: '/troubleshoot', shown: 'Why is somebody there, or not?', picture: 'Troubleshoot: ask why' },
    {
        name: 'why-person',
        path: (at) => `/troubleshoot/why?user=${at.alan}&group=${at.engineering}&app=${at.appId}`,
        shown: 'as it should be',
        picture: 'Troubleshoot: why somebody is in a group',
    },
    { name: 'why-everybody', path: (at) => `/troubleshoot/why?group=${at.engineering}&app=${at.appId}`, shown: 'ada.lovelace@example.com', picture: 'Troubleshoot: a whole group' },
    { name: 'same-groups', path: '/troubleshoot/same-groups', shown: 'Engineering', picture: 'Troubleshoot: groups for assignment and push' },
    { name: 'same-groups-none', path: '/troubleshoot/same-groups', shown: 'No group is used for both', where: 'empty' },
    {
        name: 'separate',
        path: (at) => `/troubleshoot/same-groups/separate?app=${at.appId}&group=${at.engineering}&solution=ASSIGNMENT`,
        shown: 'What the new group is for',
        picture: 'Troubleshoot: part a group, with every step before',
        open: async (page) => {
            await page.getByLabel('Name of the new group').fill('Engineering access');
            await page.getByText('What Chat will see').waitFor();
        },
    },
    { name: 'separation', path: (at) => `/troubleshoot/same-groups/${at.separation}`, shown: 'Nobody lost the account', picture: 'Troubleshoot: a group that was parted' },
    { name: 'held', path: '/troubleshoot/held', shown: 'Payroll', picture: 'Troubleshoot: held changes' },
    { name: 'held-none', path: '/troubleshoot/held', shown: 'Nothing is held', where: 'empty' },
    { name: 'hold', path: (at) => `/troubleshoot/held/${at.hold}`, shown: 'Still wanted gone', picture: 'Troubleshoot: a list that is held' },
    { name: 'hold-gone', path: '/troubleshoot/held/0oa00000000000000000/dlh00000000000000000', shown: 'This list is not there' },

    { name: 'settings-tokens', path: '/settings/tokens', shown: 'nightly import', picture: 'Settings: API tokens' },
    {
        name: 'settings-token-create',
        path: '/settings/tokens',
        shown: 'nightly import',
        open: async (page) => {
            await button(page, 'Create token').click();
            await page.getByLabel('Token name').waitFor();
        },
    },
    { name: 'settings-administrators', path: '/settings/administrators', shown: 'Invited', picture: 'Settings: administrators' },
    {
        name: 'settings-administrator-invite',
        path: '/settings/administrators',
        shown: 'Invited',
        open: async (page) => {
            await button(page, 'Invite administrator').click();
            await page.getByLabel('E-mail address').waitFor();
        },
    },
    { name: 'settings-hooks', path: '/settings/hooks', shown: 'Not verified', picture: 'Settings: event hooks' },
    { name: 'settings-hooks-none', path: '/settings/hooks', shown: 'There are no event hooks', where: 'empty' },
    {
        name: 'settings-hook-edit',
        path: '/settings/hooks',
        shown: 'Not verified',
        open: async (page) => {
            await page.getByRole('button', { name: /^Edit: / }).click();
            await page.getByLabel('Types of events, one a line').waitFor();
        },
    },
    {
        name: 'settings-hook-deliveries',
        path: '/settings/hooks',
        shown: 'Not verified',
        open: async (page) => {
            await page.getByRole('button', { name: /^Deliveries: / }).click();
            await page.getByText('Nothing was delivered yet').waitFor();
        },
    },
    { name: 'settings-limits', path: '/settings/limits', shown: 'How long the record is kept', picture: 'Settings: limits' },
    { name: 'settings-protected', path: '/settings/protected', shown: 'Dennis Ritchie', picture: 'Settings: protected people and groups' },
    { name: 'settings-protected-none', path: '/settings/protected', shown: 'Nobody is protected', where: 'empty' },
    { name: 'settings-nodes', path: '/settings/nodes', shown: 'This server is ready', picture: 'Settings: nodes' },

    { name: 'system-log', path: '/system-log', shown: 'user.session.start', picture: 'System Log' },
    { name: 'system-log-no-match', path: '/system-log?q=nothing-like-this', shown: 'No events match' },
];

module.exports = { PAGES };
