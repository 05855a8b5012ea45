// SPDX-License-Identifier: Apache-2.0
// How somebody's account in an app is doing, and why it is not as it should be.
import { Label } from '@patternfly/react-core';
import type { AppUser } from '../api/types';
import { Time } from './time';

function Badge({ account }: { account: AppUser }) {
    if (account.syncState === 'ERROR') return <Label color="red">Error</Label>;
    if (account.disabledInApp) return <Label color="orange">Disabled in the app</Label>;
    if (account.syncState === 'SYNCHRONIZED') return <Label color="green">In step</Label>;
    if (account.syncState === 'DISABLED') return <Label color="grey">Not provisioned</Label>;
    return <Label color="blue">On its way</Label>;
}

export function AccountState({ account }: { account: AppUser }) {
    const details = account.errorDetails;
    return (
        <>
            <Badge account={account} />
            {account.syncState === 'ERROR' ? (
                <>
                    <div className="muster-break">
                        {details?.cause} {account.errorSummary}
                    </div>
                    <div className="muster-subtle">
                        {details?.action}{' '}
                        {details?.nextTry && (
                            <>
                                Tried again <Time iso={details.nextTry} />.
                            </>
                        )}
                    </div>
                </>
            ) : (
                <div className="muster-subtle">
                    <Time iso={account.lastSync} none="" />
                </div>
            )}
        </>
    );
}
