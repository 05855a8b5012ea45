// SPDX-License-Identifier: Apache-2.0
// The answer to "why": the cause with its remedy, and the ordered list of checks, each with its fact, since when, and by whom.
import { Alert, Icon, List, ListItem } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import MinusCircleIcon from '@patternfly/react-icons/dist/esm/icons/minus-circle-icon';
import { Link } from 'react-router-dom';
import type { Check, Diagnosis } from '../api/diagnosis';
import { RemedyButton } from './remedy';
import { Time } from './time';

const AREAS: Record<Check['area'], string> = {
    SOURCE: 'Directory',
    APP: 'App',
    ACCOUNT: 'Account',
    GROUP: 'Pushed group',
    TARGET: 'In the app now',
};
const RESULTS = {
    PASS: { text: 'Passed', status: 'success', icon: <CheckCircleIcon /> },
    FAIL: { text: 'Failed', status: 'danger', icon: <ExclamationCircleIcon /> },
    NOT_APPLICABLE: { text: 'Not asked', status: undefined, icon: <MinusCircleIcon /> },
} as const;

function Since({ check }: { check: Check }) {
    if (!check.since && !check.by && !check.nextTry) return null;
    return (
        <div className="muster-subtle muster-break">
            {check.since && (
                <>
                    since <Time iso={check.since} />
                </>
            )}
            {check.by && <> by {check.eventId ? <Link to={`/system-log?days=365&q=${check.eventId}`}>{check.by}</Link> : check.by}</>}
            {check.nextTry && (
                <>
                    {' '}
                    (tried again <Time iso={check.nextTry} />)
                </>
            )}
        </div>
    );
}

// What failed, and what mends it.
export function Cause({ check }: { check: Check }) {
    return (
        <Alert variant="danger" isInline component="p" title={check.fact} className="muster-break">
            <Since check={check} />
            {check.remedy && <p className="muster-break">{check.remedy.words}</p>}
            {check.remedy && <RemedyButton remedy={check.remedy} primary />}
        </Alert>
    );
}

// Only the cause has its remedy as a button: what comes after it may mend itself with it.
export function Checks({ checks, cause }: { checks: Check[]; cause?: Check }) {
    return (
        <List isPlain component="ol" aria-label="Checks, in order" className="muster-checks">
            {checks.map((check) => {
                const result = RESULTS[check.result];
                return (
                    <ListItem
                        key={check.check}
                        icon={
                            <Icon status={result.status} title={result.text}>
                                {result.icon}
                            </Icon>
                        }
                        className={check.result === 'NOT_APPLICABLE' ? 'muster-subtle' : undefined}
                    >
                        <span className="pf-v6-screen-reader">{result.text}: </span>
                        <span className="muster-break">{check.check === cause?.check ? <strong>{check.fact}</strong> : check.fact}</span>{' '}
                        <span className="muster-subtle">{AREAS[check.area]}</span>
                        <Since check={check} />
                        {check.result === 'FAIL' && check.remedy && check.check !== cause?.check && (
                            <div className="muster-subtle muster-break">{check.remedy.words}</div>
                        )}
                    </ListItem>
                );
            })}
        </List>
    );
}

const VERDICTS: Record<Diagnosis['verdict'], 'success' | 'info' | 'danger' | 'warning'> = {
    IN_STEP: 'success',
    RIGHTLY_ABSENT: 'info',
    MISSING: 'danger',
    EXTRA: 'warning',
};

export function DiagnosisView({ diagnosis }: { diagnosis: Diagnosis }) {
    const { cause, since } = diagnosis;
    return (
        <>
            <Alert variant={VERDICTS[diagnosis.verdict]} isInline component="p" title={diagnosis.summary} className="muster-break">
                {since && (
                    <p className="muster-subtle">
                        since <Time iso={since} />
                    </p>
                )}
                {cause && (
                    <>
                        <Since check={cause} />
                        {cause.remedy && <p className="muster-break">{cause.remedy.words}</p>}
                        {cause.remedy && <RemedyButton remedy={cause.remedy} primary />}
                    </>
                )}
            </Alert>
            <Checks checks={diagnosis.checks} cause={cause} />
        </>
    );
}
