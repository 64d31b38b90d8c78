import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.PARLEY_DEV_SERVER ?? 'http://127.0.0.1:3000'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      // What it has for browsers decodes entities by `innerHTML`, which Trusted Types forbid. This one has a list of them.
      'decode-named-character-reference': fileURLToPath(import.meta.resolve('decode-named-character-reference')),
    },
  },
  server: { host: '127.0.0.1', proxy: { '/api': { target: server, ws: true } } },
  // The server puts a nonce of its own in this place each time it sends the page.
  html: { cspNonce: '__PARLEY_NONCE__' },
  build: {
    target: 'es2022',
    sourcemap: false,
    // The server's content security policy allows no data: fonts or scripts, so nothing is written inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
