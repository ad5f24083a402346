import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { sendPage } from './html.ts'

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
        title: { en: 'Back from Microsoft', de: 'Zurück von Microsoft' },
        paragraphs: [
          {
            en: 'If you approved the permissions, tell the workspace admin, who can now connect the mailbox. If you did not, nothing has changed.',
            de: 'Wenn Sie die Berechtigungen genehmigt haben, teilen Sie das dem Workspace-Admin mit, der das Postfach jetzt verbinden kann. Andernfalls hat sich nichts geändert.',
          },
          { en: 'You can close this window.', de: 'Sie können dieses Fenster schließen.' },
        ],
        values: {},
      })
    }
    return sendPage(reply, 400, {
      title: { en: 'This answer was not expected here', de: 'Diese Antwort wurde hier nicht erwartet' },
      paragraphs: [
        {
          en: 'It was not asked for in this browser, or it was used already, or it came too late. Nothing was changed.',
          de: 'Sie wurde nicht in diesem Browser angefordert, wurde bereits verwendet oder kam zu spät. Es wurde nichts geändert.',
        },
        {
          en: 'Go back to the settings and start again.',
          de: 'Kehren Sie zu den Einstellungen zurück, und beginnen Sie von vorn.',
        },
      ],
      link: { href: settingsUrl, text: { en: 'Back to the settings', de: 'Zurück zu den Einstellungen' } },
      values: {},
    })
  })
}
