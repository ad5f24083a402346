import {
  applicationPermissionsFor,
  PERMISSIONS,
  permissionsFor,
  TRACE_APP_ID,
  TRACE_PERMISSION,
  type Permission,
} from '@inforiver-mail/contract/permission'
import type { PageText } from '@inforiver-mail/contract/plain-page'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readApproval, type Approval } from '../domain/approval-links.ts'
import type { Timers } from '../runtime/clock.ts'
import { plainText, refusalPage, sendPage, type PlainPage } from '../http/html.ts'
import type { ReturnHandler } from '../http/microsoft-callback.ts'
import { cookieOf, newOpaqueValue } from '../http/session.ts'
import { readApprovalAnswer, tryUntilGranted, type WaitForGrant } from './consent-page.ts'
import type { SettingsStore } from './settings-store.ts'

const TIMEOUT_MS = 10_000
/** Strangers may open the page, so Entra is asked once in a while only. */
const LOOK_MS = 30_000

interface Deps {
  readonly graphAuth: 'delegated' | 'application'
  readonly tenantId: string
  readonly publicUrl: string
  readonly identity: MicrosoftIdentity
  readonly settingsStore: Pick<SettingsStore, 'read'>
  readonly clock: () => Date
  readonly timers: Pick<Timers, 'deadline'>
  readonly random: RandomBytes
  readonly waitForGrant: WaitForGrant
}

/** What the application's token grants; null where that cannot be told. */
type Roles = readonly string[] | null

interface Row {
  readonly permission: Permission
  readonly kind: 'delegated' | 'application'
  readonly mark: 'missing' | 'granted' | 'approved' | 'spare' | 'unknown'
}

/**
 * The page for an Entra administrator, who need not be able to sign in here: what is missing, Microsoft's page that approves
 * it, and what came of it. A cookie proves that the answer is genuine; nothing else is stored.
 */
export function createHandOff(deps: Deps) {
  const { graphAuth, tenantId, publicUrl, identity, settingsStore, clock, timers, random, waitForGrant } = deps
  const cookie = cookieOf(publicUrl, 'approval')
  let seen: { readonly untilMs: number; readonly roles: Promise<Roles> } | null = null

  async function show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const approval = readApproval(request.query)
    const nowMs = clock().getTime()
    if (seen === null || seen.untilMs <= nowMs) seen = { untilMs: nowMs + LOOK_MS, roles: readRoles() }
    const rows = await rowsOf(approval, await seen.roles)
    const isComplete = rows.every(({ mark }) => mark !== 'missing')
    return sendPage(reply, 200, {
      ...listOf(reply, approval, rows),
      title: isComplete ? plainText('approval.complete') : plainText('approval.title'),
      paragraphs: [...firstOf(rows, false), plainText('approval.intro'), plainText('approval.basics')],
    })
  }

  const approvalReturn: ReturnHandler = async ({ state, parameters, request, reply }) => {
    if (state !== request.cookies[cookie.name]) return false
    const approval = readApproval(Object.fromEntries(new URLSearchParams(state.slice(state.indexOf('?') + 1))))
    const refusal = readApprovalAnswer(identity, parameters)
    seen = null
    const rows = refusal ? await rowsOf(approval, await readRoles()) : await rowsAfterApproval(approval)
    const page = listOf(reply, approval, refusal ? rows : rows.map(afterApproval))
    if (refusal) {
      sendPage(reply, 400, { ...page, ...refusalPage(refusal) })
      return true
    }
    const lacks = rows.some(({ kind, mark }) => kind === 'application' && mark === 'missing')
    sendPage(reply, 200, {
      ...page,
      title: lacks ? plainText('approval.partly') : plainText('approval.approved'),
      paragraphs: [...firstOf(rows, true), plainText('approval.next')],
    })
    return true
  }

  /** A token may lack at first what has just been granted. */
  function rowsAfterApproval(approval: Approval): Promise<Row[]> {
    return tryUntilGranted(async () => {
      const rows = await rowsOf(approval, await readRoles())
      return { result: rows, isLate: rows.some(({ kind, mark }) => kind === 'application' && mark === 'missing') }
    }, waitForGrant)
  }

  async function readRoles(): Promise<Roles> {
    const grant = await identity.applicationToken({ leg: 'application', signal: timers.deadline(TIMEOUT_MS) })
    return grant.outcome === 'granted' ? grant.grantedPermissions : null
  }

  /** Everything that a registration may list, in the order of PERMISSIONS. */
  async function rowsOf(approval: Approval, roles: Roles): Promise<Row[]> {
    const { state: settings } = await settingsStore.read(tenantId)
    const connection = settings.status === 'not-configured' ? null : settings.connection
    const held = connection?.permissions ?? []
    const isApplication = graphAuth === 'application'
    const asked = isApplication ? applicationPermissionsFor(approval) : permissionsFor(approval)
    const needed: readonly string[] = isOnlyTrace(approval) && connection ? held : asked
    const listed = isApplication ? applicationPermissionsFor(EVERYTHING) : permissionsFor(EVERYTHING)
    const markOf = (permission: string): Row['mark'] => {
      if (held.includes(permission) || (isApplication && roles?.includes(permission))) return 'granted'
      if (!needed.includes(permission)) return 'spare'
      return isApplication && roles === null ? 'unknown' : 'missing'
    }
    const traceMark = () => {
      if (roles?.includes(TRACE_PERMISSION)) return 'granted'
      if (!approval.trace) return 'spare'
      return roles === null ? 'unknown' : 'missing'
    }
    return [
      ...PERMISSIONS.filter((name) => listed.includes(name) || held.includes(name)).map((permission): Row => ({
        permission,
        kind: graphAuth,
        mark: markOf(permission),
      })),
      { permission: TRACE_PERMISSION, kind: 'application', mark: traceMark() },
    ]
  }

  /** The part of the page that is the same before and after Microsoft's. */
  function listOf(
    reply: FastifyReply,
    approval: Approval,
    rows: readonly Row[],
  ): Pick<PlainPage, 'items' | 'link' | 'command' | 'values'> {
    const query = Object.entries(approval).map(([name, wanted]) => `${name}=${String(wanted)}`)
    const state = `${newOpaqueValue(random)}?${query.join('&')}`
    void reply.setCookie(cookie.name, state, { ...cookie.options, maxAge: 60 * 60 })
    // Only the address that asks for all that the registration lists asks for permissions of the application.
    const href =
      graphAuth === 'application' || approval.trace
        ? identity.applicationConsentUrl({ state })
        : identity.adminConsentUrl({ scopes: permissionsFor(approval), state })
    return {
      items: rows.map(({ permission, kind, mark }) => ({ text: itemText(permission, kind, mark), mark })),
      link: { href, text: plainText('approval.link') },
      ...(approval.trace && { command: { before: plainText('approval.command'), text: COMMAND } }),
      values: {},
    }
  }

  function firstOf(rows: readonly Row[], wasApproved: boolean): PageText[] {
    const trace = rows.find(({ permission }) => permission === TRACE_PERMISSION)
    if (trace?.mark !== 'missing') return []
    const { entra } = identity.adminCenters
    return [
      // Microsoft's page asks for nothing that the registration does not list; only an approval that brought nothing proves that.
      plainText(wasApproved ? 'approval.trace-again' : 'approval.trace-first', { permission: TRACE_PERMISSION, entra }),
    ]
  }

  return { show, approvalReturn }
}

const EVERYTHING = { ownAddress: false, largeAttachments: true, bounces: true }

const COMMAND = `Connect-MgGraph -Scopes Application.ReadWrite.All\nNew-MgServicePrincipal -AppId ${TRACE_APP_ID}`

/** Whether a delegated permission was granted is seen when somebody signs in with it: until then, that it was approved. */
function afterApproval(row: Row): Row {
  return row.kind === 'delegated' && row.mark === 'missing' ? { ...row, mark: 'approved' } : row
}

function isOnlyTrace({ trace, ...others }: Approval): boolean {
  return trace && !Object.values(others).includes(true)
}

function itemText(permission: Permission, kind: Row['kind'], mark: Row['mark']): PageText {
  const texts = [plainText(`mark.${mark}`), plainText(`kind.${kind}`), plainText(`purpose.${permission}`)]
  const inLanguage = (language: 'en' | 'de') => {
    const [marked, ofKind, purpose] = texts.map((text) => text[language])
    return `${marked}: ${permission} (${ofKind}), ${purpose}`
  }
  return { en: inLanguage('en'), de: inLanguage('de') }
}
