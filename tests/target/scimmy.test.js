// SPDX-License-Identifier: Apache-2.0
'use strict';

const { Scimmy } = require('./scimmy');
const { scenarios } = require('./scenarios');

// scimmy 1.3.5 does not read escaped quotes and backslashes in the strings of a filter.
scenarios('scimmy', () => Scimmy.start(), { filterWithoutQuotes: true });
