// SPDX-License-Identifier: Apache-2.0
// Keeps the keyboard's place. When what has the focus goes away (a row that is deleted, and with it the button that opened
// the dialog; a button that gives way to another), the browser begins at the top of the document again. Here it goes on at
// what opened the dialog, or at the heading that is nearest to what is gone.

const GIVEN_BACK_MS = 100; // in which a dialog gives it back, or another page's heading takes it
const OVERLAYS = '[role=dialog], [role=menu], [role=listbox]';
const HEADINGS = 'h1, h2, h3, h4, h5, h6';

interface Place {
    element: Element;
    around: Element[]; // from the inside outwards, as it was then
}

function placeOf(element: Element): Place {
    const around: Element[] = [];
    for (let each = element.parentElement; each; each = each.parentElement) around.push(each);
    return { element, around };
}

const isShown = (element: Element) => element.isConnected && element.checkVisibility({ checkVisibilityCSS: true });
const isUsable = (element: Element) => isShown(element) && !element.matches(':disabled');

function nearestHeading({ around }: Place, within: Element): HTMLElement | undefined {
    for (const each of around) {
        if (!within.contains(each)) continue;
        const heading = [...each.querySelectorAll<HTMLElement>(HEADINGS)].find(isShown);
        if (heading) return heading;
        if (each === within) return undefined;
    }
    return [...within.querySelectorAll<HTMLElement>(HEADINGS)].find(isShown);
}

function goTo(element: HTMLElement): void {
    if (element.matches(HEADINGS)) element.tabIndex = -1;
    element.focus({ preventScroll: true });
    // Whoever uses a mouse is where they are.
    if (element.matches(':focus-visible')) element.scrollIntoView({ block: 'nearest' });
}

export function keepFocus(): void {
    let last: Place | null = null;
    let onPage: Place | null = null; // not in what lies over the page
    let timer: number | undefined;
    const isNowhere = () => document.activeElement === null || document.activeElement === document.body;
    const goOn = () => {
        timer = undefined;
        if (!last || !isNowhere()) return;
        // It was left, not lost: somebody clicked beside it.
        if (isUsable(last.element)) {
            last = null;
            return;
        }
        const dialog = [...document.querySelectorAll('[role=dialog]')].pop();
        const within = dialog ?? document.querySelector('main');
        if (!dialog && onPage && isUsable(onPage.element)) goTo(onPage.element as HTMLElement);
        else {
            const heading = within && nearestHeading(dialog ? last : (onPage ?? last), within);
            if (heading) goTo(heading); // else another page is on its way, whose heading takes it
        }
    };
    const look = () => {
        if (last && isNowhere()) timer ??= window.setTimeout(goOn, GIVEN_BACK_MS);
    };
    document.addEventListener('focusin', ({ target }) => {
        if (!(target instanceof Element)) return;
        last = placeOf(target);
        if (!target.closest(OVERLAYS)) onPage = last;
    });
    document.addEventListener('focusout', look);
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['disabled'] });
}
