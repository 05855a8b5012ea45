// SPDX-License-Identifier: Apache-2.0
'use strict';

const { Scimmy } = require('./scimmy');
const { importScenarios } = require('./imports');

importScenarios('scimmy', () => Scimmy.start());
