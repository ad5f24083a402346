import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'vite'
import { catalogues } from './catalogues.ts'

const SCRIPTS: readonly string[] = ['consent-result', 'plain-page-language', 'signed-in']

/**
 * Emits the scripts of the plain pages to which Microsoft redirects: `consent-result.js` after consent, `signed-in.js`
 * after signing in again, `plain-page-language.js` where something was refused. The server renders these pages and does
 * not know hashed names, so each is one classic script under a fixed name.
 */
export function plainPageScripts(): Plugin {
  return {
    name: 'plain-page-scripts',
    async generateBundle() {
      for (const name of SCRIPTS)
        this.emitFile({ type: 'asset', fileName: `${name}.js`, source: await buildScript(name) })
    },
    /** In development, each request gets it as it is now. */
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        const [, name = ''] = /^\/([\w-]+)\.js$/.exec(request.url ?? '') ?? []
        if (!SCRIPTS.includes(name)) return next()
        buildScript(name).then((code) => response.setHeader('content-type', 'text/javascript').end(code), next)
      })
    },
  }
}

async function buildScript(name: string): Promise<string> {
  const input = fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [catalogues()],
    build: { write: false, rolldownOptions: { input, output: { format: 'iife' } } },
  })
  if (!('output' in result)) throw new Error(`The script ${name} was not built.`)
  const [script, ...others] = result.output
  if (others.length > 0) throw new Error(`The script ${name} must be one file.`)
  return script.code
}
