// SPDX-License-Identifier: Apache-2.0
// The parts of one thing, each with an address of its own.
import { Nav, NavItem, NavList, PageSection } from '@patternfly/react-core';
import { useEffect, useRef, type ReactNode } from 'react';
import { Link, useLocation } from 'react-router-dom';

// On a narrow screen tabs are a row that scrolls: the one that is shown is in sight.
export function TabRow({ shown, children }: { shown: string; children: ReactNode }) {
    const row = useRef<HTMLDivElement>(null);
    useEffect(() => {
        const list = row.current?.querySelector('ul');
        if (!list) return undefined;
        const show = () => {
            const current = list.querySelector<HTMLElement>('[aria-current=page]');
            if (!current) return;
            const { left } = list.getBoundingClientRect();
            list.scrollLeft += current.getBoundingClientRect().left - left - (list.clientWidth - current.offsetWidth) / 2;
        };
        const sizes = new ResizeObserver(show);
        sizes.observe(list); // tells of the first size too
        return () => sizes.disconnect();
    }, [shown]);
    return <div ref={row}>{children}</div>;
}

export function Tabs({ base, tabs, label }: { base: string; tabs: [string, string][]; label: string }) {
    const { pathname } = useLocation();
    return (
        <PageSection type="tabs">
            <TabRow shown={pathname}>
                <Nav variant="horizontal-subnav" aria-label={label}>
                    <NavList>
                        {tabs.map(([tab, text]) => (
                            <NavItem key={tab} isActive={pathname.startsWith(`${base}/${tab}`)}>
                                <Link to={`${base}/${tab}`}>{text}</Link>
                            </NavItem>
                        ))}
                    </NavList>
                </Nav>
            </TabRow>
        </PageSection>
    );
}
