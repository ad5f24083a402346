import { sameAddress } from '@inforiver-mail/contract/email-address'
import { permissionsFor, type Permission } from '@inforiver-mail/contract/permission'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { explainApplicationFailure, explainFailure } from '@inforiver-mail/m365/explain-failure'
import type { ReportsExplanation } from '@inforiver-mail/m365/explain-reports'
import { explainMissingPermissions, explainUnexpectedAnswer } from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'
import type { SignedIn } from '../http/session.ts'
import type { NewTokens } from './access.ts'
import {
  readApprovalAnswer,
  redeemAnswer,
  refuse,
  refuseGuest,
  tryUntilGranted,
  type Answerer,
  type ConsentAnswer,
  type ProofDeps,
  type Refused,
} from './consent-page.ts'
import { proveInbox } from './report-proofs.ts'
import type { Connection } from './settings-state.ts'

// Proofs that a grant may send as the sender. Sending a message is the only proof that Microsoft offers.

/** Whether Microsoft's grant was proved to work. */
export type SenderProof =
  | ({
      readonly outcome: 'proved'
      readonly connection: Connection
      readonly tokens: NewTokens
      /** What reading the inbox came to, where `readsInbox` asked for it; null is success. */
      readonly bounces?: ReportsExplanation | null
    } & Answerer)
  | (Refused & { readonly missingPermission?: Permission })

export interface SenderAnswer extends ConsentAnswer {
  readonly admin: SignedIn
  /** Bounces are on, so the new connection has to read the inbox too. It is kept where it cannot. */
  readonly readsInbox: boolean
}

/** Proves what a person has granted, with that person's tokens. */
export async function proveDelegate(
  answer: SenderAnswer,
  deps: Pick<ProofDeps, 'identity' | 'mailer' | 'clock' | 'timers'>,
): Promise<SenderProof> {
  const { identity, mailer } = deps
  const { fromEmail, requestedPermissions: asked, largeAttachments, id: consentId } = answer.consent
  const { adminCenters, approvalLinks } = identity
  const approvalLink = approvalLinks.delegated(asked)
  // Without what only bounces need, mail leaves all the same.
  const wishes = missingPermissions(asked, permissionsFor({ ownAddress: false, largeAttachments, bounces: false }))
  const needed = missingPermissions(asked, wishes)
  const redeemed = await redeemAnswer(identity, answer, needed, explainMissingPermissions)
  if (redeemed.outcome === 'refused') return redeemed
  const { person, tokens, grantedPermissions, account } = redeemed
  const { accessToken } = tokens

  const refuseFor = (failure: Failure) =>
    refuse(
      explainFailure(failure, { sender: fromEmail, delegate: person.signInName, approvalLink, adminCenters }),
      account,
    )
  const found = await mailer.readDelegate(accessToken)
  if (found.outcome !== 'found') return refuseFor(found)
  const { objectId, name, addresses, guest } = found.delegate
  if (objectId.toLowerCase() !== person.objectId.toLowerCase())
    return refuse(explainUnexpectedAnswer('another-person', adminCenters), account)
  if (guest) return refuseGuest(identity, account)

  const own = addresses.some((address) => sameAddress(address, fromEmail))
  const kept = missingPermissions(asked, missingPermissions(wishes, grantedPermissions))
  const permissions = permissionsToKeep(kept, grantedPermissions, own)
  if (!own && !permissions.includes('Mail.Send.Shared')) {
    const link = approvalLinks.delegated([...asked, 'Mail.Send.Shared'])
    const refusal = refuse(explainMissingPermissions(['Mail.Send.Shared'], link), account)
    return { ...refusal, missingPermission: 'Mail.Send.Shared' }
  }
  const recipient = { address: addresses[0] ?? fromEmail, name }
  const verification = verificationMessage(fromEmail, recipient, `the access of ${name}`, consentId)
  const sent = await mailer.send(verification, { accessToken, sender: { own, grantedPermissions: permissions } })
  if (sent.outcome !== 'sent') return refuseFor(sent)

  const delegate = { tenantId: person.tenantId, objectId, name, email: addresses[0] ?? '' }
  const grant = { mailbox: own ? 'own' : 'delegated', delegate, permissions, tokens, account } as const
  return proved(answer, grant, person.signInName, deps)
}

/** Adds to what was asked only a `Mail.Send.Shared` that was granted earlier and is needed, and no extra of Microsoft's. */
function permissionsToKeep(asked: readonly string[], granted: readonly string[], ownAddress: boolean): string[] {
  if (ownAddress || asked.includes('Mail.Send.Shared') || !granted.includes('Mail.Send.Shared')) return [...asked]
  return [...asked, 'Mail.Send.Shared']
}

/**
 * Proves what an Entra administrator has granted to the application, with its own tokens. Anybody can write the query of
 * the return, its `tenant` included, so only what the token can do counts.
 */
export async function proveApplication(answer: SenderAnswer, deps: ProofDeps): Promise<SenderProof> {
  const { consent, secrets, admin, parameters } = answer
  const { identity, waitForGrant } = deps
  const { adminCenters, approvalLinks } = identity
  const unapproved = readApprovalAnswer(identity, parameters)
  if (unapproved) return refuse(unapproved)

  const { fromEmail: sender, requestedPermissions: permissions, id: consentId } = consent
  const recipient = { address: admin.email, name: admin.name }
  const verification = verificationMessage(sender, recipient, 'the application’s own access', consentId)
  return tryUntilGranted(async () => {
    const grant = await identity.applicationToken({ leg: 'redeem', claims: secrets.claims })
    if (grant.outcome === 'refused') return { result: refuse(grant.explanation), isLate: false }
    const { tokens, grantedPermissions } = grant
    const denied = await sendVerification(tokens.accessToken, verification, answer, deps)
    if (denied === null) {
      const own = { ...tokens, refreshToken: null }
      const proof = { mailbox: 'application', delegate: null, permissions, tokens: own, account: null } as const
      return { result: await proved(answer, proof, null, deps), isLate: false }
    }
    const { failure, permission } = denied
    const isInToken = grantedPermissions !== null && missingPermissions([permission], grantedPermissions).length === 0
    const approvalLink = approvalLinks.application()
    const subject = { sender, recipient: admin.email, permission, grantedPermissions, approvalLink, adminCenters }
    const result = refuse(explainApplicationFailure(failure, subject))
    return { result, isLate: !isInToken && failure.outcome === 'refused' }
  }, waitForGrant)
}

/** Returns null when the grant works. Creates and deletes a draft first, which sends nothing. */
async function sendVerification(
  accessToken: string,
  verification: OutgoingMessage,
  { consent: { tenantId, largeAttachments } }: ConsentAnswer,
  { mailer, mailboxes }: Pick<ProofDeps, 'mailer' | 'mailboxes'>,
): Promise<{ readonly failure: Failure; readonly permission: 'Mail.Send' | 'Mail.ReadWrite' } | null> {
  const mailbox = verification.from.address
  const options = { accessToken, mailbox: { address: mailbox } }
  if (largeAttachments) {
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

/** @param reader the name of the person whose token it is; null for the application's */
async function proved(
  { consent: { fromEmail, largeAttachments }, readsInbox }: SenderAnswer,
  {
    tokens,
    account,
    ...grant
  }: Answerer & { readonly tokens: NewTokens } & Pick<Connection, 'mailbox' | 'delegate' | 'permissions'>,
  reader: string | null,
  deps: Pick<ProofDeps, 'identity' | 'mailer' | 'clock' | 'timers'>,
): Promise<SenderProof> {
  const connection = { fromEmail, ...grant, largeAttachments, connectedAt: deps.clock() }
  const inbox = { ...connection, delegate: reader }
  return {
    outcome: 'proved',
    account,
    ...(readsInbox && { bounces: await proveInbox(inbox, { ...deps, accessToken: tokens.accessToken }) }),
    tokens,
    connection,
  }
}

/** @param access whose access it is, worded to follow "with" */
function verificationMessage(
  fromEmail: string,
  recipient: { readonly address: string; readonly name: string },
  access: string,
  consentId: string,
): OutgoingMessage {
  return {
    id: consentId,
    from: { address: fromEmail },
    to: [recipient],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: `Inforiver sends mail as ${fromEmail}`,
    html: null,
    text: [
      `This message was sent to check that Inforiver can send mail as ${fromEmail} with ${access}. It worked.`,
      '',
      'Nothing has to be done. If you did not expect this, ask the workspace admin of Inforiver who connected the mailbox; the consent can be withdrawn in Microsoft Entra under Enterprise applications > Permissions.',
    ].join('\n'),
    attachments: [],
    headers: {},
    importance: 'normal',
    saveToSentItems: true,
  }
}
