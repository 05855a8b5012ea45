// SPDX-License-Identifier: Apache-2.0
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` in console/ serves the pages as they are written, on a running server: MUSTER_URL.
const server = process.env['MUSTER_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
    plugins: [react()],
    build: {
        outDir: 'dist/web',
        emptyOutDir: true,
        target: 'es2021',
        // The Content-Security-Policy takes no font and no script from a data: address.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        chunkSizeWarningLimit: 1200,
    },
    server: { proxy: { '/api': { target: server, headers: { Origin: server } } } },
});
