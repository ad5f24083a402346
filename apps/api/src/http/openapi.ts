import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'

/** Swagger UI brings scripts and style sheets as files; nothing inline, and no foreign host. */
const STATIC_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** `GET /openapi.json` and `/docs`: what the contract says, for engineers of other services and their generators. */
export const openapi = fp<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Inforiver Mail',
          version: '1',
          description:
            'Submit a message and forget it: it is delivered once through the Microsoft 365 mailbox of the tenant. Failures are RFC 9457 problem details.',
        },
        servers: [{ url: publicUrl }],
        components: {
          securitySchemes: {
            serviceKey: { type: 'http', scheme: 'bearer', description: 'A service key, made by a workspace admin.' },
          },
        },
        security: [{ serviceKey: [] }],
      },
      transform: (data) =>
        data.url.startsWith('/api/') ? jsonSchemaTransform(data) : { ...data, schema: { hide: true } },
    })
    await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: STATIC_CSP, logLevel: 'warn' })
    app.get('/openapi.json', async () => app.swagger())
  },
  { name: 'openapi' },
)
