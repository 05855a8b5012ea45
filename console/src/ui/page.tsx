// SPDX-License-Identifier: Apache-2.0
import { Breadcrumb, BreadcrumbItem, Content, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router-dom';

export interface Crumb {
    text: string;
    to: string;
}

// A page's head: its title, which is the window's too, and what can be done on the whole of it.
export function PageHead({
    title,
    crumbs = [],
    text,
    badge,
    actions,
}: {
    title: string;
    crumbs?: Crumb[];
    text?: string;
    badge?: ReactNode;
    actions?: ReactNode;
}) {
    useEffect(() => {
        document.title = `${title} · Muster`;
    }, [title]);
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
            {text && <Content component="p">{text}</Content>}
        </PageSection>
    );
}
