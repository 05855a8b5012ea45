// SPDX-License-Identifier: Apache-2.0
import hooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

export default typescript.config(
    { ignores: ['dist/'] },
    ...typescript.configs.strict,
    {
        files: ['src/**/*.{ts,tsx}'],
        plugins: { 'react-hooks': hooks },
        rules: {
            ...hooks.configs.recommended.rules,
            'react-hooks/exhaustive-deps': 'error',
            eqeqeq: 'error',
            'no-console': 'error',
        },
    },
);
