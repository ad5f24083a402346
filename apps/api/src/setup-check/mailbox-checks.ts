import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { explainApplicationFailure, explainFailure } from '@inforiver-mail/m365/explain-failure'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { Reach } from '@inforiver-mail/m365/reach'
import type { Values } from '@inforiver-mail/contract/values'
import type { CheckedAccess, CheckedConnection, ConnectionProblem, RefusedToken } from '../domain/checked-connection.ts'
import { isReached, type NotAsked } from './reach-checks.ts'
import { found, type Outcome } from './run-checks.ts'

/** Stands for the Message-ID of a message that no mailbox has. */
const NO_MESSAGE = '<setup-check@inforiver-mail.invalid>'

/** `unknown` while the database cannot be read, and null while no mailbox is connected. */
export type StoredConnection = CheckedConnection | 'unknown' | null

/** The token of a connection; null where there is no connection, or it has a problem. */
export type RequestedAccess = CheckedAccess | null

/**
 * Compares what a token allows that is fetched now with what sending needs: what the connection was made with may have been
 * withdrawn since, or more been granted.
 */
export async function checkPermissions(
  stored: Promise<StoredConnection>,
  freshAccess: Promise<RequestedAccess>,
): Promise<Outcome> {
  const connection = await stored
  if (connection === 'unknown') return found('database-not-usable')
  if (connection === null) return found('not-connected')
  const needed = [...connection.needed]
  const access = await freshAccess
  const withdrawn = access?.outcome === 'lost' ? access.problem.values['missing'] : null
  if (Array.isArray(withdrawn)) return found('permissions-missing', { missing: withdrawn })
  if (access?.outcome === 'unavailable') return notAnswered('permissions-unavailable', access.detail, access.values)
  if (access?.outcome !== 'granted') return found('permissions-not-fetched')
  if (access.permissions === null) return found('permissions-unreadable', { permissions: needed })
  const missing = missingPermissions(needed, access.permissions)
  if (missing.length === 0) return found('permissions-granted', { permissions: needed })
  // Exchange may grant what the application's token does not show (RBAC for Applications).
  return found(connection.mailbox === 'application' ? 'permissions-not-in-token' : 'permissions-missing', { missing })
}

export interface MailboxQuestion {
  readonly connection: Promise<StoredConnection>
  readonly access: Promise<RequestedAccess>
  readonly graph: Promise<Reach | NotAsked>
  /** Another sender than that of the connection. */
  readonly fromEmail: string | undefined
  readonly mailer: Pick<GraphMailer, 'readDelegate' | 'findMessage'>
  readonly identity: Pick<MicrosoftIdentity, 'adminCenters' | 'approvalLinks'>
  /** Asks for another token in place of one that Graph refused. */
  readonly renewAccess: (refused: RefusedToken) => Promise<RequestedAccess>
  readonly signal: AbortSignal
}

/** Asks Graph for the mailbox with what is granted, which never includes a way to try Send As without sending. */
export async function checkMailbox(question: MailboxQuestion): Promise<Outcome> {
  const connection = await question.connection
  if (connection === 'unknown') return found('database-not-usable')
  if (connection === null) return found('not-connected')
  if (connection.problem) return lost(connection.fromEmail, connection.problem)
  if (!isReached(await question.graph)) return found('graph-not-reached')
  const { mailProblem, fromEmail } = connection
  const sender = question.fromEmail ?? fromEmail
  return ask(connection, await question.access)

  async function ask(connection: CheckedConnection, access: RequestedAccess, mayRenew = true): Promise<Outcome> {
    if (access === null) return found('not-connected')
    if (access.outcome === 'lost') return lost(sender, access.problem)
    if (mailProblem && sameAddress(sender, fromEmail)) return keepsMail(sender, mailProblem)
    if (access.outcome === 'unavailable')
      return notAnswered('mailbox-unavailable', access.detail, access.values, { address: sender })
    const answer = await askGraph(connection, sender, access, question)
    if (!isFailure(answer)) return answer
    if (answer.failure.outcome === 'unauthorized' && mayRenew) {
      const { claims } = answer.failure
      return ask(connection, await question.renewAccess({ grantVersion: access.grantVersion, claims }), false)
    }
    return refused(sender, answer)
  }
}

interface Unanswered {
  readonly failure: Failure
  readonly explanation: Explanation
}

function isFailure(answer: Outcome | Unanswered): answer is Unanswered {
  return 'failure' in answer
}

async function askGraph(
  { mailbox, granted }: CheckedConnection,
  sender: string,
  { accessToken, permissions }: Extract<CheckedAccess, { outcome: 'granted' }>,
  { mailer, identity: { adminCenters, approvalLinks }, signal }: MailboxQuestion,
): Promise<Outcome | Unanswered> {
  const mayRead = granted.includes('Mail.ReadWrite')
  const sought = { messageId: null, internetMessageId: NO_MESSAGE }
  if (mailbox === 'application') {
    if (!mayRead) return found('mailbox-unreadable', { address: sender })
    const answer = await mailer.findMessage(sought, 'drafts', { accessToken, signal, mailbox: { address: sender } })
    if (answer.outcome === 'found' || answer.outcome === 'not-found')
      return found('mailbox-answers', { address: sender })
    const explanation = explainApplicationFailure(answer, {
      sender,
      recipient: sender,
      permission: 'Mail.ReadWrite',
      grantedPermissions: permissions,
      approvalLink: approvalLinks.application(),
      adminCenters,
    })
    return { failure: answer, explanation }
  }
  const subject = { sender, delegate: sender, approvalLink: approvalLinks.delegated(granted), adminCenters }
  const me = await mailer.readDelegate(accessToken, signal)
  if (me.outcome !== 'found') return { failure: me, explanation: explainFailure(me, subject) }
  if (!me.delegate.addresses.some((address) => sameAddress(address, sender)))
    return found('send-as-unproved', { address: sender, person: me.delegate.name })
  if (!mayRead) return found('mailbox-answers', { address: sender })
  const answer = await mailer.findMessage(sought, 'drafts', { accessToken, signal })
  if (answer.outcome === 'found' || answer.outcome === 'not-found') return found('mailbox-answers', { address: sender })
  return { failure: answer, explanation: explainFailure(answer, subject) }
}

/** `reason` is the English of what the values name as detail. */
function notAnswered(
  code: 'permissions-unavailable' | 'mailbox-unavailable',
  reason: string,
  values: Values = {},
  more: Values = {},
): Outcome {
  const { title: _, ...facts } = values
  return found(code, { ...facts, ...more, reason })
}

/** Reading the mailbox may work where sending does not. */
function keepsMail(address: string, { title, detail, action, values }: ConnectionProblem): Outcome {
  return { ...found('mailbox-refused', { ...values, address }), text: { title, detail, action } }
}

function lost(address: string, { values, ...text }: ConnectionProblem): Outcome {
  return { ...found('access-lost', { ...values, address }), text }
}

function refused(address: string, { failure, explanation }: Unanswered): Outcome {
  const { title, detail, action, values } = explanation
  const isOver = failure.outcome === 'refused' || failure.outcome === 'unauthorized'
  return isOver
    ? {
        code: 'mailbox-refused',
        values: { ...values, address, microsoftCode: values['microsoftCode'] ?? failure.microsoftCode },
        text: { title, detail, action },
      }
    : notAnswered('mailbox-unavailable', failure.detail, failure.values, { address })
}
