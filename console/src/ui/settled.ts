// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'react';

const TYPING_MS = 200;

// What is typed, once nobody has typed for a moment.
export function useSettled(text: string): string {
    const [settled, setSettled] = useState(text);
    useEffect(() => {
        const timer = window.setTimeout(() => setSettled(text), TYPING_MS);
        return () => window.clearTimeout(timer);
    }, [text]);
    return settled;
}
