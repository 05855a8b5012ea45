// SPDX-License-Identifier: Apache-2.0
'use strict';

const { Scimmy } = require('./scimmy');
const { scenarios } = require('./scenarios');

scenarios('scimmy', () => Scimmy.start());
