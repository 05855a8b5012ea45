// SPDX-License-Identifier: Apache-2.0
// A button that cannot always be used: while what it does is on its way, or until there is something to do. It stays in
// reach meanwhile. One that is switched off would lose the keyboard's place, and with it whoever uses no mouse.
import { Button, type ButtonProps } from '@patternfly/react-core';

export type ActButtonProps = Omit<ButtonProps, 'isAriaDisabled' | 'isLoading' | 'ref'> & { pending?: boolean };

export function ActButton({ pending = false, isDisabled = false, ...rest }: ActButtonProps) {
    const spins = rest.variant === 'link' || rest.variant === 'plain' ? {} : { isLoading: pending };
    return <Button {...rest} {...spins} isAriaDisabled={isDisabled || pending} />;
}
