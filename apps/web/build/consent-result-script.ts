import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'

const ENTRY = fileURLToPath(new URL('../src/consent-result.ts', import.meta.url))

/**
 * Emits `consent-result.js`, the script of the page to which Microsoft redirects after consent. The server renders that
 * page and does not know hashed names, so this is one classic script under a fixed name.
 */
export function consentResultScript(): Plugin {
  return {
    name: 'consent-result-script',
    apply: 'build',
    async generateBundle() {
      const result = await build({
        configFile: false,
        logLevel: 'warn',
        build: { write: false, rolldownOptions: { input: ENTRY, output: { format: 'iife' } } },
      })
      if (!('output' in result)) throw new Error('The consent result script was not built.')
      const [script, ...others] = result.output
      if (others.length > 0) throw new Error('The consent result script must be one file.')
      this.emitFile({ type: 'asset', fileName: 'consent-result.js', source: script.code })
    },
  }
}
