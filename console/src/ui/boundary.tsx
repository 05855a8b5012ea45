// SPDX-License-Identifier: Apache-2.0
// What is shown in place of a page that did not come or that failed: without it the whole console would be gone. Another
// address begins anew.
import { Button } from '@patternfly/react-core';
import { Component, type ReactNode } from 'react';
import { useLocation } from 'react-router-dom';
import { Nothing } from './states';

interface State {
    place: string;
    failed: boolean;
}

class Catch extends Component<{ place: string; children: ReactNode }, State> {
    override state: State = { place: this.props.place, failed: false };

    static getDerivedStateFromError(): Partial<State> {
        return { failed: true };
    }

    static getDerivedStateFromProps({ place }: { place: string }, state: State): State | null {
        return place === state.place ? null : { place, failed: false };
    }

    override render() {
        if (!this.state.failed) return this.props.children;
        return (
            <Nothing level="h1" title="This page could not be loaded" action={<Button onClick={() => window.location.reload()}>Reload</Button>}>
                Muster may be stopped, or it was upgraded while this window was open. If it is there, reload the page.
            </Nothing>
        );
    }
}

export function Boundary({ children }: { children: ReactNode }) {
    const { pathname } = useLocation();
    return <Catch place={pathname}>{children}</Catch>;
}
