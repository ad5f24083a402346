import { fileURLToPath } from 'node:url'
import { createServer, type Plugin, type ViteDevServer } from 'vite'

/** What the API answers; everything else is the page's, with the scripts and the icon of plain pages. */
const API_PATHS = ['/api/', '/auth/', '/docs', '/healthz', '/metrics', '/openapi.json', '/readyz', '/plain-page.css']

interface Options {
  readonly host: string
  readonly port: number
  readonly apiUrl: string
  /** Resolves as soon as the API listens: requests that come during its restart wait instead of failing. */
  readonly untilApiReady: () => Promise<void>
  /** What the API's server would write into the document. */
  readonly document: { readonly demoUrl: string | null; readonly graphAuth: string }
}

/** Serves the page from its sources, with hot reload, and passes the API's paths on to `apiUrl`. */
export async function startDevServer({ host, port, apiUrl, untilApiReady, document }: Options): Promise<ViteDevServer> {
  const proxied = { target: apiUrl, bypass: () => untilApiReady() }
  const server = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    plugins: [documentValues(document), icon()],
    server: {
      host,
      port,
      strictPort: true,
      proxy: Object.fromEntries(API_PATHS.map((path) => [path, proxied])),
    },
  })
  await server.listen()
  return server
}

/** Serves the icon under the name that plain pages have for it. */
function icon(): Plugin {
  return {
    name: 'icon',
    configureServer({ middlewares }) {
      middlewares.use((request, _response, next) => {
        if (request.url === '/favicon.svg') request.url = '/src/ui/mark.svg'
        next()
      })
    },
  }
}

/** Fills in what `http/page.ts` of the API fills in. The dev server sends no content security policy, hence no nonce. */
function documentValues({ demoUrl, graphAuth }: Options['document']): Plugin {
  return {
    name: 'document-values',
    transformIndexHtml: (html) =>
      html
        .replaceAll('__CSP_NONCE__', '')
        .replaceAll('__DEMO__', demoUrl ?? '')
        .replaceAll('__GRAPH_AUTH__', graphAuth),
  }
}
