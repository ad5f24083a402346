import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { catalogues } from './build/catalogues.ts'
import { firstLoad } from './build/first-load.ts'
import { plainPageScripts } from './build/plain-page-scripts.ts'
import { precompress } from './build/precompress.ts'
import { withoutDocumentation } from './build/without-documentation.ts'

export default defineConfig({
  logLevel: 'warn',
  plugins: [
    react(),
    catalogues(),
    withoutDocumentation(),
    plainPageScripts(),
    firstLoad({ budgetBytes: 170 * 1024 }),
    precompress(),
  ],
  build: {
    assetsInlineLimit: 0, // the page's policy allows no data: scripts or fonts, so nothing is inlined
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: '.vite/licenses.json' }, // of what is in the page; a release carries them
    chunkSizeWarningLimit: Infinity, // what counts is the first load, checked above
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Puts the whole first load into one chunk, in the order of its imports. What later pages share with it would
            // otherwise become a chunk of its own, which runs before `without-eval.ts`.
            { name: 'first-load', tags: ['$initial'] },
            // What later pages share among themselves would become a dozen small chunks, each with a request of its own.
            { name: 'later-pages', minShareCount: 2 },
          ],
        },
      },
    },
  },
})
