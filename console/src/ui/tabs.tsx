// SPDX-License-Identifier: Apache-2.0
// The parts of one thing, each with an address of its own.
import { Nav, NavItem, NavList, PageSection } from '@patternfly/react-core';
import { Link, useLocation } from 'react-router-dom';

export function Tabs({ base, tabs, label }: { base: string; tabs: [string, string][]; label: string }) {
    const { pathname } = useLocation();
    return (
        <PageSection type="tabs">
            <Nav variant="horizontal-subnav" aria-label={label}>
                <NavList>
                    {tabs.map(([tab, text]) => (
                        <NavItem key={tab} isActive={pathname.startsWith(`${base}/${tab}`)}>
                            <Link to={`${base}/${tab}`}>{text}</Link>
                        </NavItem>
                    ))}
                </NavList>
            </Nav>
        </PageSection>
    );
}
