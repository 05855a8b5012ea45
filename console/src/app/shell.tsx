// SPDX-License-Identifier: Apache-2.0
// What stands around every page: the navigation at the side, and who is signed in.
import {
    Dropdown,
    DropdownGroup,
    DropdownItem,
    DropdownList,
    Masthead,
    MastheadBrand,
    MastheadContent,
    MastheadLogo,
    MastheadMain,
    MastheadToggle,
    MenuToggle,
    Nav,
    NavGroup,
    NavItem,
    NavList,
    Page,
    PageContext,
    PageSidebar,
    PageSidebarBody,
    PageToggleButton,
    Toolbar,
    ToolbarContent,
    ToolbarGroup,
    ToolbarItem,
} from '@patternfly/react-core';
import BarsIcon from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import UserIcon from '@patternfly/react-icons/dist/esm/icons/user-icon';
import { useContext, useState, type ReactNode } from 'react';
import { Link, useLocation, useNavigate } from 'react-router-dom';
import { ChangePassword } from '../pages/change-password';
import { Announcer } from '../ui/page';
import { useToasts } from '../ui/toasts';
import { useSession } from './session';
import { setTheme, storedTheme, type Theme } from './theme';

interface Place {
    to: string;
    text: string;
}

// Places that belong together; a title where one helps.
const PLACES: { title?: string; places: Place[] }[] = [
    { places: [{ to: '/', text: 'Overview' }] },
    {
        title: 'Directory',
        places: [
            { to: '/people', text: 'People' },
            { to: '/groups', text: 'Groups' },
            { to: '/group-rules', text: 'Group Rules' },
        ],
    },
    {
        places: [
            { to: '/applications', text: 'Applications' },
            { to: '/troubleshoot', text: 'Troubleshoot' },
            { to: '/system-log', text: 'System Log' },
            { to: '/settings', text: 'Settings' },
        ],
    },
];
const ROLES = { ADMIN: 'Administrator', OPERATOR: 'Operator', READ_ONLY: 'Read-only' };
const THEMES: [Theme, string][] = [
    ['system', 'As the system says'],
    ['light', 'Light'],
    ['dark', 'Dark'],
];

function UserMenu() {
    const { session, end } = useSession();
    const navigate = useNavigate();
    const toasts = useToasts();
    const [open, setOpen] = useState(false);
    const [changing, setChanging] = useState(false);
    const [theme, setShown] = useState(storedTheme);
    if (!session) return null;
    const signOut = async () => {
        try {
            await end();
            navigate('/sign-in');
        } catch (error) {
            toasts.failed('Signing out failed', error);
        }
    };
    return (
        <>
            <Dropdown
                isOpen={open}
                onOpenChange={setOpen}
                shouldFocusFirstItemOnOpen
                shouldFocusToggleOnSelect
                onSelect={() => setOpen(false)}
                popperProps={{ position: 'right' }}
                toggle={(ref) => (
                    <MenuToggle
                        ref={ref}
                        isExpanded={open}
                        onClick={() => setOpen(!open)}
                        icon={<UserIcon />}
                        aria-label={`Account of ${session.name}`}
                    >
                        <span className="muster-account-name" title={session.name}>
                            {session.name}
                        </span>
                    </MenuToggle>
                )}
            >
                <DropdownGroup label={`${session.email}, ${ROLES[session.role]}`}>
                    <DropdownList>
                        <DropdownItem onClick={() => setChanging(true)}>Change password</DropdownItem>
                        <DropdownItem onClick={() => void signOut()}>Sign out</DropdownItem>
                    </DropdownList>
                </DropdownGroup>
                <DropdownGroup label="Appearance">
                    <DropdownList>
                        {THEMES.map(([value, text]) => (
                            <DropdownItem
                                key={value}
                                isSelected={theme === value}
                                onClick={() => {
                                    setTheme(value);
                                    setShown(value);
                                }}
                            >
                                {text}
                            </DropdownItem>
                        ))}
                    </DropdownList>
                </DropdownGroup>
            </Dropdown>
            {changing && <ChangePassword close={() => setChanging(false)} />}
        </>
    );
}

// Of its own, so that it is not made anew each time that the shell is drawn.
function HomeLink({ children }: { children?: ReactNode }) {
    return (
        <Link to="/" className="muster-brand">
            {children}
        </Link>
    );
}

function PlaceItem({ to, text }: Place) {
    const { pathname } = useLocation();
    return (
        <NavItem isActive={pathname === to || pathname.startsWith(`${to}/`)}>
            <Link to={to}>{text}</Link>
        </NavItem>
    );
}

// Where the places lie over the page.
const NARROW = '(max-width: 1199px)';

function Places() {
    const { isSidebarOpen, onSidebarToggle } = useContext(PageContext);
    // They go once one was chosen, and leave the focus to the heading.
    const uncover = () => {
        if (!isSidebarOpen || !window.matchMedia(NARROW).matches) return;
        onSidebarToggle();
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    };
    return (
        <PageSidebar>
            <PageSidebarBody>
                <Nav aria-label="Places" onSelect={uncover}>
                    {PLACES.map(({ title, places }) => {
                        const items = places.map((place) => <PlaceItem key={place.to} {...place} />);
                        return title ? (
                            <NavGroup key={title} title={title}>
                                {items}
                            </NavGroup>
                        ) : (
                            <NavList key={places[0]?.to}>{items}</NavList>
                        );
                    })}
                </Nav>
            </PageSidebarBody>
        </PageSidebar>
    );
}

export function Shell({ children }: { children: ReactNode }) {
    const masthead = (
        <Masthead display={{ default: 'inline' }}>
            <MastheadMain>
                <MastheadToggle>
                    <PageToggleButton aria-label="Navigation" isHamburgerButton={false}>
                        <BarsIcon />
                    </PageToggleButton>
                </MastheadToggle>
                <MastheadBrand>
                    <MastheadLogo component={HomeLink}>
                        <img src="/icon.svg" alt="" />
                        Muster
                    </MastheadLogo>
                </MastheadBrand>
            </MastheadMain>
            <MastheadContent>
                <Toolbar isFullHeight isStatic>
                    <ToolbarContent>
                        <ToolbarGroup align={{ default: 'alignEnd' }}>
                            <ToolbarItem>
                                <UserMenu />
                            </ToolbarItem>
                        </ToolbarGroup>
                    </ToolbarContent>
                </Toolbar>
            </MastheadContent>
        </Masthead>
    );
    return (
        <Page
            masthead={masthead}
            sidebar={<Places />}
            isManagedSidebar
            isContentFilled
            mainContainerId="main"
            skipToContent={
                <a className="muster-skip" href="#main">
                    Skip to content
                </a>
            }
        >
            <Announcer />
            {children}
        </Page>
    );
}
