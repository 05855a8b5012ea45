// SPDX-License-Identifier: Apache-2.0
import { Breadcrumb, BreadcrumbItem, Content, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'react-router-dom';

export interface Crumb {
    text: string;
    to: string;
}

let announce: (text: string) => void = () => undefined;
let opened = false; // a page was shown before, so that the next one was chosen here

// Tells a screen reader which page it is on: when one is chosen nothing is loaded that would tell it.
export function Announcer() {
    const [text, setText] = useState('');
    useEffect(() => {
        announce = setText;
    }, []);
    return (
        <div role="status" className="pf-v6-screen-reader">
            {text}
        </div>
    );
}

// The window's title; null leaves it as it is. The heading takes the focus when what was chosen, a link in a table, is gone with its page.
export function usePageTitle(text: string | null): void {
    const titled = text !== null;
    useEffect(() => {
        if (text === null) return;
        document.title = `${text} · Muster`;
        announce(text);
    }, [text]);
    useEffect(() => {
        if (!titled) return;
        const heading = document.querySelector('h1');
        if (opened && heading && document.activeElement === document.body) {
            heading.tabIndex = -1;
            heading.focus({ preventScroll: true });
        }
        opened = true;
    }, [titled]);
}

// A page's head: its title, which is the window's too, and what can be done on the whole of it.
export function PageHead({
    title,
    part,
    crumbs = [],
    text,
    badge,
    actions,
}: {
    title: string;
    part?: string; // which of several pages about the same thing this is; for the window's title
    crumbs?: Crumb[];
    text?: string;
    badge?: ReactNode;
    actions?: ReactNode;
}) {
    usePageTitle(part ? `${part} · ${title}` : title);
    return (
        <PageSection>
            {crumbs.length > 0 && (
                <Breadcrumb>
                    {crumbs.map((crumb) => (
                        <BreadcrumbItem key={crumb.to}>
                            <Link to={crumb.to}>{crumb.text}</Link>
                        </BreadcrumbItem>
                    ))}
                </Breadcrumb>
            )}
            <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }} alignItems={{ default: 'alignItemsCenter' }}>
                <Flex alignItems={{ default: 'alignItemsCenter' }}>
                    <FlexItem>
                        <Title headingLevel="h1" className="muster-break">
                            {title}
                        </Title>
                    </FlexItem>
                    {badge && <FlexItem>{badge}</FlexItem>}
                </Flex>
                {actions && <FlexItem>{actions}</FlexItem>}
            </Flex>
            {text && (
                <Content component="p" className="muster-break">
                    {text}
                </Content>
            )}
        </PageSection>
    );
}
