import { endOtherSessions, endSession, listSessions, readSession, signOut } from '@inforiver-mail/contract/session'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { SIGN_IN_APPROVAL_PATH } from '../domain/approval-links.ts'
import { plainText, refusalPage, sendPage } from '../http/html.ts'
import type { ReturnHandler } from '../http/microsoft-callback.ts'
import { ProblemError } from '../http/problem.ts'
import { route } from '../http/route.ts'
import { cookieOf, newOpaqueValue, requireSignedIn, type SignedIn } from '../http/session.ts'
import type { SignIn } from './sign-in.ts'
import type { SignInStore } from './sign-in-store.ts'

/** Binds a sign-in to the browser that began it. */
const BROWSER_COOKIE = 'sign-in'
const BROWSER_COOKIE_SECONDS = 10 * 60
const SIGN_INS_PER_MINUTE = 100
/** A filter by a long subject in Chinese has 2,300 encoded. Many proxies take headers of 4 KB and no more. */
const MAX_RETURN_TO_CHARACTERS = 3_000
const SIGNED_IN_PATH = '/auth/signed-in'

interface Options {
  readonly signIn: SignIn
  readonly requireAdmin: (request: FastifyRequest) => Promise<SignedIn>
  readonly store: SignInStore
  readonly publicUrl: string
  readonly clock: () => Date
  readonly random: RandomBytes
}

/** Signing in and out, and who is signed in where. */
export const signInRoutes: FastifyPluginAsync<Options> = async (app, options) => {
  const { requireAdmin, signIn, store, publicUrl, clock, random } = options
  const browserCookie = cookieOf(publicUrl, BROWSER_COOKIE)
  app.get(
    '/auth/sign-in',
    {
      exposeHeadRoute: false, // a HEAD request must not start a sign-in
      config: { rateLimit: { max: SIGN_INS_PER_MINUTE, timeWindow: '1 minute' } },
    },
    async (request, reply) => {
      // An existing cookie is kept, so that a sign-in in a second tab does not break the one in the first.
      const browser = request.cookies[browserCookie.name] ?? newOpaqueValue(random)
      const { returnTo, prompt } = request.query as { returnTo?: unknown; prompt?: unknown }
      const url = await signIn.start({
        returnTo: withinOrigin(returnTo, publicUrl),
        browser,
        silent: prompt === 'none',
        sessionIdHash: request.sessionIdHash(),
      })
      const options = { ...browserCookie.options, maxAge: BROWSER_COOKIE_SECONDS }
      return reply.setCookie(browserCookie.name, browser, options).redirect(url)
    },
  )

  // The last page of the window for signing in again. Its script tells the open pages, and closes the window.
  app.get(SIGNED_IN_PATH, async (_request, reply) =>
    sendPage(reply, 200, {
      title: plainText('signed-in.title'),
      paragraphs: [plainText('signed-in')],
      link: { href: publicUrl, text: plainText('open') },
      script: '/signed-in.js',
    }),
  )

  // It only redirects to Microsoft, and the Entra administrator need not be signed in here.
  app.get(SIGN_IN_APPROVAL_PATH, async (_request, reply) => reply.redirect(signIn.approvalUrl()))

  route(app, readSession, requireSignedIn, async ({ caller: { name, email, role } }) => ({
    user: { name, email },
    role,
  }))

  route(app, signOut, requireSignedIn, async ({ caller, reply }) => {
    await store.endSession(caller, clock())
    reply.endSession()
  })

  route(app, listSessions, requireAdmin, async ({ caller }) => ({ items: await store.listSessions(caller, clock()) }))

  route(app, endSession, requireAdmin, async ({ caller, params: { id } }) => {
    if (!(await store.endSessionOf(id, caller, clock())))
      throw new ProblemError('not-found', 'There is no such session, or it has ended.')
  })

  route(app, endOtherSessions, requireAdmin, async ({ caller }) => store.endOtherSessions(caller, clock()))
}

export function signInReturn({ signIn, publicUrl }: Pick<Options, 'signIn' | 'publicUrl'>): ReturnHandler {
  const browserCookie = cookieOf(publicUrl, BROWSER_COOKIE)
  return async ({ state, parameters, request, reply }) => {
    const result = await signIn.finish({
      state,
      parameters,
      browser: request.cookies[browserCookie.name],
      replaces: request.sessionIdHash(),
      client: { address: request.ip, userAgent: request.headers['user-agent'] },
    })
    if (!result) return false
    if (result.outcome === 'asks') {
      reply.redirect(`${publicUrl}/auth/sign-in?returnTo=${encodeURIComponent(result.returnTo)}`)
      return true
    }
    if (result.outcome === 'signed-in') {
      reply.startSession(result.sessionId).redirect(`${publicUrl}${result.returnTo}`)
      return true
    }
    const { explanation } = result
    request.log.warn({ kind: explanation.kind, correlationId: explanation.correlationId }, 'sign-in refused')
    sendPage(reply, 403, {
      ...refusalPage(explanation),
      link: {
        href: `/auth/sign-in?returnTo=${encodeURIComponent(result.returnTo)}`,
        text: plainText('sign-in-again'),
      },
    })
    return true
  }
}

/** Returns a path of our own, or `/`: redirecting elsewhere would be an open redirect. What is too long loses its query. */
function withinOrigin(returnTo: unknown, publicUrl: string): string {
  if (typeof returnTo !== 'string' || !URL.canParse(returnTo, publicUrl)) return '/'
  const { origin, pathname, search, hash } = new URL(returnTo, publicUrl)
  // A browser takes a path that begins with two slashes for another host.
  if (origin !== publicUrl || pathname.startsWith('//')) return '/'
  return [`${pathname}${search}${hash}`, pathname].find(({ length }) => length <= MAX_RETURN_TO_CHARACTERS) ?? '/'
}
