import { hash } from 'node:crypto'
import type { Role } from '@inforiver-mail/contract/caller'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ProblemError, say } from './problem.ts'

/** A person who is signed in, and their session. */
export interface SignedIn {
  readonly sessionIdHash: string
  readonly tenantId: string
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly role: Role
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Resolves to null without a valid session. The cookies of a Bearer request are ignored. */
    signedIn(): Promise<SignedIn | null>
    /** The hash of the session cookie, whether or not that session has ended; null without one. */
    sessionIdHash(): string | null
  }
  interface FastifyReply {
    startSession(id: string): FastifyReply
    endSession(): FastifyReply
  }
}

/**
 * Finds a session by the hash of its id. A request of a `person` counts as use of the session; one that an open page makes
 * by itself does not.
 */
export type FindSession = (idHash: string, by: 'person' | 'page') => Promise<SignedIn | null>

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Returns 256 random bits, for a cookie or a URL. */
export function newOpaqueValue(random: RandomBytes): string {
  return random(32).toString('base64url')
}

/** Hashes an opaque value for storage, so that reading the database does not give access. */
export function hashOpaqueValue(value: string): string {
  return hash('sha256', value, 'base64url')
}

/** Keeps sessions by cookie. */
export const sessions = fp<{ publicUrl: string; findSession: FindSession }>(
  async (app, { publicUrl, findSession }) => {
    const cookie = sessionCookie(publicUrl)

    app.decorateRequest('signedIn', async function (this: FastifyRequest) {
      if (this.headers.authorization !== undefined) return null
      const idHash = this.sessionIdHash()
      if (idHash === null) return null
      if (!SAFE_METHODS.has(this.method)) refuseOtherOrigins(this, publicUrl)
      const signedIn = await findSession(idHash, isPolling(this) ? 'page' : 'person')
      if (signedIn !== null) this.holder = 'sessions'
      return signedIn
    })
    app.decorateRequest('sessionIdHash', function (this: FastifyRequest) {
      const id = this.cookies[cookie.name]
      return id ? hashOpaqueValue(id) : null
    })
    app.decorateReply('startSession', function (this: FastifyReply, id: string) {
      return this.setCookie(cookie.name, id, cookie.options)
    })
    app.decorateReply('endSession', function (this: FastifyReply) {
      return this.clearCookie(cookie.name, cookie.options)
    })
  },
  { name: 'sessions', dependencies: ['@fastify/cookie'] },
)

export function sessionCookie(publicUrl: string) {
  return cookieOf(publicUrl, 'session')
}

/**
 * Describes a cookie. The prefix `__Host-` binds it to this host over https: another host of the domain that could set one
 * could sign somebody in as themselves. Browsers refuse that prefix over http, so the cookie of a loopback host has none.
 */
export function cookieOf(publicUrl: string, purpose: string) {
  const secure = publicUrl.startsWith('https:')
  return {
    name: `${secure ? '__Host-' : ''}inforiver-mail-${purpose}`,
    options: { path: '/', httpOnly: true, secure, sameSite: 'lax' },
  } as const
}

/**
 * Whether an open page asks by itself, and not a person: it says so with `X-Inforiver-Polling: 1`. Such a request does not
 * keep a session alive. Only what changes nothing can be asked for that way.
 */
function isPolling({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): boolean {
  return headers['x-inforiver-polling'] === '1' && (method === 'GET' || method === 'HEAD')
}

export async function requireSignedIn(request: FastifyRequest): Promise<SignedIn> {
  const signedIn = await request.signedIn()
  if (!signedIn) throw new ProblemError('not-signed-in', 'Sign in first, or again: the session has ended.')
  return signedIn
}

/** Admits workspace admins, if Office 365 SMTP is `enabled`. */
export function workspaceAdminGuard(
  enabled: boolean,
  auditRefused: (member: SignedIn, operation: string | null) => Promise<void>,
): (request: FastifyRequest) => Promise<SignedIn> {
  return async (request) => {
    const signedIn = await requireSignedIn(request)
    if (signedIn.role !== 'workspace-admin') {
      await auditRefused(signedIn, request.routeOptions.config.serves?.operation ?? null)
      throw new ProblemError(
        'not-workspace-admin',
        'Only a workspace admin can open Tenant Settings. Ask one, or sign in with another account.',
      )
    }
    if (enabled) return signedIn
    throw new ProblemError('office365-smtp-disabled', say('office365-smtp-disabled'))
  }
}

/** Another site can make a browser send our cookie, but not our Origin. */
function refuseOtherOrigins(request: FastifyRequest, publicUrl: string): void {
  const { origin } = request.headers
  if (origin === publicUrl) return
  if ((origin === undefined || origin === 'null') && request.headers['sec-fetch-site'] === 'same-origin') return
  throw new ProblemError('cross-origin', say('other-address', { publicUrl }))
}
