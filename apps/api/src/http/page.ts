import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { plainText, sendPage } from './html.ts'

interface Options {
  readonly directory: string
  readonly publicUrl: string
  /** The address of the simulator; null outside of the demo. */
  readonly demoUrl: string | null
  /** Whose access new connections use, which decides what the page asks for. */
  readonly graphAuth: 'delegated' | 'application'
}

/** Serves the admin's page: one document for every path, and assets whose names change with their content. */
export const page: FastifyPluginAsync<Options> = async (app, { directory, publicUrl, demoUrl, graphAuth }) => {
  const document = await readFile(join(directory, 'index.html'), 'utf8')
  const publicHost = new URL(publicUrl).host
  const icon = await readIcon(directory, document)
  await app.register(fastifyStatic, {
    root: directory,
    serve: false, // it would search the folder and add a route for each of its files
    preCompressed: true,
    setHeaders(reply, path) {
      reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  const assets = new Set(await readdir(join(directory, 'assets')))
  const scripts = (await readdir(directory)).filter((name) => name.endsWith('.js'))
  app.get<{ Params: { name: string } }>('/assets/:name', async ({ params: { name } }, reply) =>
    assets.has(name) ? reply.sendFile(`assets/${name}`) : reply.callNotFound(),
  )
  for (const script of scripts) app.get(`/${script}`, async (_request, reply) => reply.sendFile(script))
  app.get('/favicon.svg', async (_request, reply) =>
    reply.type('image/svg+xml').header('cache-control', 'no-cache').send(icon),
  )
  app.get('/*', async (request, reply) => {
    if (!isPageRequest(request)) return reply.callNotFound()
    if (request.host !== publicHost) return sendOtherName(reply, publicUrl)
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(
        document
          .replaceAll('__CSP_NONCE__', reply.allowInsertedStyles())
          .replaceAll('__DEMO__', demoUrl ?? '')
          .replaceAll('__GRAPH_AUTH__', graphAuth),
      )
  })
}

/** Serves the style of the plain pages, which the API renders itself. */
export const plainPageStyle: FastifyPluginAsync = async (app) => {
  app.get('/plain-page.css', async (_request, reply) =>
    reply
      .type('text/css; charset=utf-8')
      .header('cache-control', 'no-cache')
      .send(await readFile(new URL('plain-page.css', import.meta.url))),
  )
}

/** Finds the icon by the document, because its built name has a hash. Plain pages use it under a fixed name. */
async function readIcon(directory: string, document: string): Promise<Buffer> {
  const [, path] = /<link rel="icon"[^>]* href="([^"]+)"/.exec(document) ?? []
  if (path === undefined) throw new Error('The page names no icon.')
  return readFile(join(directory, path))
}

function isPageRequest({ url, headers }: FastifyRequest): boolean {
  return !/^\/(api|auth|assets)\//.test(url) && (headers.accept ?? '').includes('text/html')
}

/** Points to the configured host name. Cookies and Microsoft's redirect URI work under that name only. */
function sendOtherName(reply: FastifyReply, publicUrl: string): FastifyReply {
  return sendPage(reply, 421, {
    title: plainText('other-name.title'),
    paragraphs: [plainText('other-name')],
    link: { href: publicUrl, text: publicUrl },
  })
}
