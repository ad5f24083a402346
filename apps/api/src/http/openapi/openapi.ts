import { readFile } from 'node:fs/promises'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import fp from 'fastify-plugin'
import { describeApi, type ApiDocument } from './openapi-document.ts'
import { documentationPage } from './openapi-page.ts'

/** Serves the contract as `GET /openapi.json` and `/docs`, for engineers of other services and code generators. */
export const openapi = fp<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    const endpoints = new Set<Endpoint>()
    app.addHook('onRoute', ({ config }) => {
      if (config?.serves) endpoints.add(config.serves)
    })
    let described: ApiDocument | null = null
    const read = () => (described ??= describeApi([...endpoints], publicUrl))
    app.get('/openapi.json', async () => read())
    let page: string | null = null
    app.get('/docs', async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send((page ??= documentationPage(read()))),
    )
    app.get('/docs/', async (_request, reply) => reply.redirect('/docs', 308))
    app.get('/docs/docs-page.css', async (_request, reply) =>
      reply
        .type('text/css; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(await readFile(new URL('docs-page.css', import.meta.url))),
    )
  },
  { name: 'openapi' },
)
