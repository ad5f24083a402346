import { applicationPermissionsFor } from '@inforiver-mail/contract/permission'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { explainApplicationFailure } from '@inforiver-mail/m365/explain-application-failure'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'
import type { ApplicationGrant, MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { Mailboxes } from '../queue/queue.ts'
import type { Timers } from '../runtime/clock.ts'
import { proveInbox } from './report-proofs.ts'
import type { ConsentRecord } from './consent-store.ts'
import {
  GRANT_DELAYS_MS,
  refuse,
  type ConsentAnswer,
  type ConsentStrategy,
  type Proof,
  type WaitForGrant,
  verificationMessage,
} from './consent-strategy.ts'
import { readApprovalAnswer } from './microsoft-answer.ts'

type Granted = Extract<ApplicationGrant, { outcome: 'granted' }>
type Denied = { readonly failure: Failure; readonly permission: 'Mail.Send' | 'Mail.ReadWrite' }

/**
 * Asks an Entra administrator to grant permissions to the application, which then sends with its own tokens. Anybody can
 * write the query of the return, its `tenant` included, so only what the token can do counts.
 */
export function createApplicationConsent({
  identity,
  mailer,
  mailboxes,
  clock,
  timers,
  waitForGrant,
}: {
  identity: MicrosoftIdentity
  mailer: GraphMailer
  /** Has what is left of a draft deleted later, whether or not its mailbox is connected then. */
  mailboxes: Pick<Mailboxes, 'mayHaveLeftDraft' | 'recordDeletion' | 'endCleanup'>
  clock: () => Date
  timers: Pick<Timers, 'deadline'>
  waitForGrant: WaitForGrant
}): ConsentStrategy {
  return {
    permissionsFor: async (_admin, { largeAttachments, bounces }) =>
      applicationPermissionsFor({ largeAttachments, bounces }),
    consentUrl: async (_consent, { state }) => identity.applicationConsentUrl({ state }),
    prove,
  }

  async function prove({ consent, secrets: { claims }, admin, parameters, readsInbox }: ConsentAnswer): Promise<Proof> {
    const { adminCenters, approvalLinks } = identity
    const approvalLink = approvalLinks.application()
    const unapproved = readApprovalAnswer(identity, parameters)
    if (unapproved) return refuse(unapproved)

    const { fromEmail, largeAttachments, requestedPermissions } = consent
    const recipient = { address: admin.email, name: admin.name }
    const access = 'the application’s own access'
    const verification = verificationMessage({ fromEmail, recipient, access, consentId: consent.id })
    for (const waitMs of [...GRANT_DELAYS_MS, null]) {
      const grant = await identity.applicationToken({ leg: 'redeem', claims })
      if (grant.outcome === 'refused') return refuse(grant.explanation)
      const denied = await tryGrant(grant, verification, consent)
      if (denied === null) {
        const { accessToken } = grant.tokens
        const subject = {
          fromEmail,
          mailbox: 'application',
          permissions: requestedPermissions,
          delegate: null,
        } as const
        return {
          outcome: 'proved',
          account: null,
          ...(readsInbox && { bounces: await proveInbox(subject, { accessToken, mailer, identity, timers }) }),
          tokens: { ...grant.tokens, refreshToken: null },
          connection: {
            fromEmail,
            mailbox: 'application',
            delegate: null,
            connectedAt: clock(),
            permissions: requestedPermissions,
            largeAttachments,
          },
        }
      }
      const { grantedPermissions } = grant
      const isInToken =
        grantedPermissions !== null && missingPermissions([denied.permission], grantedPermissions).length === 0
      if (waitMs === null || isInToken || denied.failure.outcome !== 'refused') {
        const subject = { sender: fromEmail, recipient: admin.email, grantedPermissions, approvalLink, adminCenters }
        return refuse(explainApplicationFailure(denied.failure, { ...subject, permission: denied.permission }))
      }
      await waitForGrant(waitMs)
    }
    throw new Error('The last attempt always returns.')
  }

  /** Returns null when the grant works. Creates and deletes a draft first, which sends nothing. */
  async function tryGrant(
    { tokens: { accessToken } }: Granted,
    verification: OutgoingMessage,
    { tenantId, largeAttachments }: Pick<ConsentRecord, 'tenantId' | 'largeAttachments'>,
  ): Promise<Denied | null> {
    const options = { accessToken, mailbox: { address: verification.from.address } }
    if (largeAttachments) {
      const mailbox = verification.from.address
      await mailboxes.mayHaveLeftDraft(tenantId, verification.id, mailbox)
      const created = await mailer.createDraft(verification, options)
      if (created.outcome !== 'created') return { failure: created, permission: 'Mail.ReadWrite' }
      const draft = { tenantId, itemId: created.draftId, mailbox }
      await mailboxes.recordDeletion(draft)
      const deleted = await mailer.deleteDraft(created.draftId, options)
      if (deleted.outcome === 'deleted') await mailboxes.endCleanup(draft)
    }
    const sent = await mailer.send(verification, options)
    return sent.outcome === 'sent' ? null : { failure: sent, permission: 'Mail.Send' }
  }
}
