// SPDX-License-Identifier: Apache-2.0
// Goes to the pages of pages.js, one window for each kind of visitor.
'use strict';

const { Muster, Practice } = require('../lib/muster');
const { Browser, settled } = require('./browser');
const { inhabit } = require('./organisation');

class Tour {
    static async start({ bin } = {}) {
        const tour = new Tour();
        tour.windows = new Map();
        [tour.inhabited, tour.empty, tour.target, tour.browser] = await Promise.all([
            Muster.start({ bin }),
            Muster.start({ bin }),
            Practice.start({ bin }),
            Browser.start(),
        ]);
        tour.at = await inhabit(tour.inhabited, tour.target);
        return tour;
    }

    async stop() {
        await Promise.all([this.browser.stop(), this.target.stop(), this.inhabited.stop(), this.empty.stop()]);
    }

    async window({ where, who }) {
        const key = `${where} ${who}`;
        if (!this.windows.has(key)) {
            const muster = where === 'empty' ? this.empty : this.inhabited;
            // Colours and places as they are in the end, not on their way there.
            const options = { reducedMotion: 'reduce' };
            const page = await (who === 'nobody' ? this.browser.open(muster, options) : this.browser.openAsAdministrator(muster, options));
            await page.addInitScript(() => {
                const still = new CSSStyleSheet();
                still.replaceSync('*, *::before, *::after { transition: none !important; animation: none !important; caret-color: transparent !important; }');
                document.adoptedStyleSheets = [still];
            });
            this.windows.set(key, page);
        }
        return this.windows.get(key);
    }

    // The window in which this entry of pages.js is shown, in that width and theme.
    async visit(entry, { width = 1280, height = 900, theme = 'light' } = {}) {
        const page = await this.window(entry);
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme: theme });
        await page.goto(typeof entry.path === 'function' ? entry.path(this.at) : entry.path);
        await page.getByText(entry.shown).first().waitFor();
        await settled(page);
        if (entry.open) {
            await entry.open(page);
            await settled(page);
        }
        return page;
    }
}

module.exports = { Tour };
