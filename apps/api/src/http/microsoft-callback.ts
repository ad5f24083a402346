import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { plainText, sendPage } from './html.ts'

/** A response of Microsoft's authorization endpoint, which comes back through the browser. */
export interface MicrosoftReturn {
  readonly state: string
  /** Unverified: nothing in it may be shown or believed before `state` has matched. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Sends the answer if the `state` is one of its own, and resolves to whether it was. */
export type ReturnHandler = (arrival: MicrosoftReturn) => Promise<boolean>

/** Serves the only redirect URI. The handler whose `state` it is answers. */
export const microsoftCallback: FastifyPluginAsync<{
  handlers: readonly ReturnHandler[]
  settingsUrl: string
}> = async (app, { handlers, settingsUrl }) => {
  // A response can be used once, and the HEAD of a link checker must not use it up.
  app.get('/auth/microsoft/callback', { exposeHeadRoute: false }, async (request, reply) => {
    const parameters = request.query as Record<string, unknown>
    const { state } = parameters
    if (typeof state === 'string' && state !== '') {
      for (const handle of handlers) {
        if (await handle({ state, parameters, request, reply })) return reply
      }
    }
    if ('admin_consent' in parameters) {
      // An Entra administrator returns here after approving, possibly in a browser without a session.
      return sendPage(reply, 200, {
        title: plainText('approval-back.title'),
        paragraphs: [plainText('approval-back'), plainText('close')],
        values: {},
      })
    }
    return sendPage(reply, 400, {
      title: plainText('unexpected.title'),
      paragraphs: [plainText('unexpected'), plainText('unexpected.next')],
      link: { href: settingsUrl, text: plainText('to-settings') },
      values: {},
    })
  })
}
