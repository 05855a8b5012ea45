// SPDX-License-Identifier: Apache-2.0
'use strict';

const { Practice } = require('../lib/muster');
const { scenarios } = require('./scenarios');

scenarios('muster practice', () => Practice.start());
