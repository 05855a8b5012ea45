// SPDX-License-Identifier: Apache-2.0
// Dark or light: as the system says, unless this browser was told otherwise.

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'muster.theme';
const DARK = 'pf-v6-theme-dark';
const system = window.matchMedia('(prefers-color-scheme: dark)');

export function storedTheme(): Theme {
    const value = window.localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
}

function apply(): void {
    const theme = storedTheme();
    const dark = theme === 'dark' || (theme === 'system' && system.matches);
    document.documentElement.classList.toggle(DARK, dark);
}

export function setTheme(theme: Theme): void {
    if (theme === 'system') window.localStorage.removeItem(KEY);
    else window.localStorage.setItem(KEY, theme);
    apply();
}

export function startTheme(): void {
    apply();
    system.addEventListener('change', apply);
}
