import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { createContentCipher } from '@inforiver-mail/m365/content-cipher'
import type { GraphMailer, SendOutcome } from '@inforiver-mail/m365/graph-mailer'
import { readContent, type MessageContent } from '@inforiver-mail/m365/message-content'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { Access, AccessTo } from './access-cache.ts'
import { decideDoubt, type TurnResult } from './delivery-state.ts'
import type { DeliveryStore, LeasedMessage } from './delivery-store.ts'

type Granted = Extract<Access, { outcome: 'granted' }>

export interface Turn {
  readonly result: TurnResult
  readonly fromEmail: string | null
  /** It was sent, or tried, although it may have been sent before. */
  readonly inSpiteOfDoubt: boolean
}

export interface TurnParts {
  readonly store: Pick<DeliveryStore, 'storeDraft'>
  readonly cachedAccess: (tenantId: string, stamp: string, signal: AbortSignal) => Promise<Access>
  readonly access: AccessTo
  readonly mailer: GraphMailer
  readonly vault: TokenVault
  readonly random: RandomBytes
}

/**
 * One turn of a message: what is in doubt is looked for, everything else is sent. Exactly one request that can send
 * goes out in a turn, or two when the first was refused for its token and so did nothing. Throws only when nothing
 * has been sent.
 */
export async function takeTurn(parts: TurnParts, message: LeasedMessage, signal: AbortSignal): Promise<Turn> {
  const { tenantId, settingsStamp } = message
  const access = await parts.cachedAccess(tenantId, settingsStamp, signal)
  if (access.outcome !== 'granted') return withoutAccess(access)
  const first = await turnWith(parts, message, access, signal)
  if (!refusedToken(first.result)) return first
  const fresh = await parts.access(tenantId, { refused: access.grantVersion, signal })
  return fresh.outcome === 'granted' ? turnWith(parts, message, fresh, signal) : withoutAccess(fresh)
}

async function turnWith(parts: TurnParts, message: LeasedMessage, access: Granted, signal: AbortSignal): Promise<Turn> {
  const { fromEmail, permissions } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  const turn = (result: TurnResult, inSpiteOfDoubt = false): Turn => ({ result, fromEmail, inSpiteOfDoubt })

  if (message.lookups !== null) {
    // Without a searchable copy only a draft can be recognised again.
    const canLookUp = canReadMailbox && (message.draftId !== null || access.connection.searchWorks)
    const decision = decideDoubt(message, canLookUp)
    if (decision === 'stop') return turn({ type: 'stopped' })
    if (decision === 'look-up') {
      const seen = await lookUp(parts, message, access, signal)
      if (seen !== 'send') return turn(seen)
      return turn(await send(parts, message, access, signal))
    }
    return turn(await send(parts, message, access, signal), !canLookUp)
  }
  return turn(await send(parts, message, access, signal))
}

/** `send`: it is certain that it was not sent. */
async function lookUp(
  { mailer }: TurnParts,
  { id, draftId }: LeasedMessage,
  access: Granted,
  signal: AbortSignal,
): Promise<TurnResult | 'send'> {
  const options = callOptions(access, signal)
  if (draftId !== null) {
    const draft = await mailer.readDraft(draftId, options)
    if (draft.outcome === 'draft') return 'send'
    if (draft.outcome === 'sent') return { type: 'found' }
    if (draft.outcome !== 'gone') return { type: 'lookup-failed', failure: draft }
    if (!access.connection.searchWorks) return { type: 'not-found' }
  }
  const found = await mailer.findByMessageId(id, 'sentitems', options)
  if (found.outcome === 'found') return { type: 'found' }
  if (found.outcome === 'not-found') return { type: 'not-found' }
  return { type: 'lookup-failed', failure: found }
}

async function send(
  parts: TurnParts,
  message: LeasedMessage,
  access: Granted,
  signal: AbortSignal,
): Promise<TurnResult> {
  const { permissions, searchWorks } = access.connection
  const canReadMailbox = permissions.includes('Mail.ReadWrite')
  const content = await openContent(parts, message)
  if (canReadMailbox && (!message.saveToSentItems || !searchWorks || message.draftId !== null)) {
    return sendByDraft(parts, message, content, access, signal)
  }
  const outgoing = { ...content, id: message.id, from: { address: access.connection.fromEmail } }
  return toResult(await parts.mailer.send(outgoing, callOptions(access, signal)), canReadMailbox && searchWorks)
}

/** Its immutable id tells for certain whether a draft was sent, also where a copy cannot be searched for. */
async function sendByDraft(
  { store, mailer }: TurnParts,
  message: LeasedMessage,
  content: MessageContent,
  access: Granted,
  signal: AbortSignal,
): Promise<TurnResult> {
  const options = callOptions(access, signal)
  const stored = message.draftId
  const draftId = stored ?? (await createDraft())
  if (typeof draftId !== 'string') return draftId
  const sent = await mailer.sendDraft(draftId, options)
  if (sent.outcome !== 'gone') return toResult(sent, true)
  // While it is in doubt, a draft that has gone may have been sent, and its copy be late.
  if (message.lookups !== null && decideDoubt(message, true) === 'look-up') return { type: 'not-found' }
  const another = await createDraft()
  if (typeof another !== 'string') return another
  const again = await mailer.sendDraft(another, options)
  return again.outcome === 'gone' ? { type: 'not-found' } : toResult(again, true)

  async function createDraft(): Promise<string | TurnResult> {
    const outgoing = { ...content, id: message.id, from: { address: access.connection.fromEmail } }
    const created = await mailer.createDraft(outgoing, options)
    // A draft more or less sends nothing: there is no doubt about the message.
    if (created.outcome !== 'created') return { type: 'failure', failure: withoutDoubt(created), canLookUp: true }
    if (!(await store.storeDraft(message, created.draftId)))
      throw new Error('The lease was lost before the draft was sent.')
    return created.draftId
  }
}

function withoutDoubt(failure: Failure): Failure {
  return failure.outcome === 'unknown' ? { ...failure, outcome: 'unavailable' } : failure
}

function toResult(outcome: SendOutcome, canLookUp: boolean): TurnResult {
  if (outcome.outcome === 'sent')
    return { type: 'sent', retryAfter: outcome.retryAfter, detail: 'Microsoft accepted the message.' }
  return { type: 'failure', failure: outcome, canLookUp }
}

async function openContent(
  { vault, random }: TurnParts,
  { id, tenantId, contentKeySealed, content }: LeasedMessage,
): Promise<MessageContent> {
  const contentKey = await vault.open(contentKeySealed, { tenant: tenantId, record: id, purpose: 'content-key' })
  const place = { tenant: tenantId, message: id, part: 'body', chunk: 0, last: true }
  return readContent(createContentCipher(contentKey, random).open(content, place))
}

function callOptions({ accessToken, connection }: Granted, signal: AbortSignal) {
  return {
    accessToken,
    signal,
    sender: { own: connection.mailbox === 'own', grantedPermissions: connection.permissions },
  }
}

function refusedToken(result: TurnResult): boolean {
  return (result.type === 'failure' || result.type === 'lookup-failed') && result.failure.outcome === 'unauthorized'
}

function withoutAccess(access: Exclude<Access, { outcome: 'granted' }>): Turn {
  const result: TurnResult =
    access.outcome === 'held' ? { type: 'held', because: access.because } : { type: 'no-access', detail: access.detail }
  return { result, fromEmail: null, inSpiteOfDoubt: false }
}
