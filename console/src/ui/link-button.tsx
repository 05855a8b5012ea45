// SPDX-License-Identifier: Apache-2.0
// A link that looks as a button: it leads to a page.
import { Link } from 'react-router-dom';

export function LinkButton({ to, variant = 'primary', children }: { to: string; variant?: 'primary' | 'secondary'; children: string }) {
    return (
        <Link to={to} className={`pf-v6-c-button pf-m-${variant}`}>
            <span className="pf-v6-c-button__text">{children}</span>
        </Link>
    );
}
