import { sameAddress } from '@inforiver-mail/contract/email-address'
import { permissionsFor, type Permission } from '@inforiver-mail/contract/permission'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { explainFailure } from '@inforiver-mail/m365/explain-failure'
import { explainMissingPermissions, explainUnexpectedAnswer } from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { Delegate, GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { Timers } from '../runtime/clock.ts'
import { redeemAnswer, refuseGuest } from './microsoft-answer.ts'
import { proveInbox } from './report-proofs.ts'
import {
  refuse,
  type ConsentAnswer,
  type ConsentStrategy,
  type Proof,
  verificationMessage,
} from './consent-strategy.ts'
import type { ConsentRecord, ConsentStore } from './consent-store.ts'
import type { Connection, SettingsState } from './settings-state.ts'

/** Asks a person for consent, and sends with that person's tokens. */
export function createDelegatedConsent({
  consentStore,
  identity,
  mailer,
  clock,
  timers,
}: {
  consentStore: Pick<ConsentStore, 'findMissingPermission'>
  identity: MicrosoftIdentity
  mailer: GraphMailer
  clock: () => Date
  timers: Pick<Timers, 'deadline'>
}): ConsentStrategy {
  return {
    async permissionsFor({ tenantId, email }, { fromEmail, largeAttachments, bounces }, settings) {
      const ownAddress = sameAddress(fromEmail, email) && !(await isKnownToBeShared(tenantId, settings, fromEmail))
      return permissionsFor({ ownAddress, largeAttachments, bounces })
    },

    consentUrl: ({ requestedPermissions: scopes }, { state, nonce, codeChallenge, claims }) =>
      identity.authorizeUrl({ scopes, state, nonce, codeChallenge, prompt: 'select_account', claims }),

    prove,
  }

  /** Whether the sender has the admin's address but proved not to be the delegate's own mailbox. */
  async function isKnownToBeShared(tenantId: string, settings: SettingsState, fromEmail: string): Promise<boolean> {
    if (settings.status !== 'not-configured') {
      const { connection } = settings
      if (sameAddress(connection.fromEmail, fromEmail) && connection.permissions.includes('Mail.Send.Shared'))
        return true
    }
    return (await consentStore.findMissingPermission(tenantId, fromEmail)) === 'Mail.Send.Shared'
  }

  async function prove(answer: ConsentAnswer): Promise<Proof> {
    const { consent, readsInbox } = answer
    const asked = consent.requestedPermissions
    const { adminCenters, approvalLinks } = identity
    const approvalLink = approvalLinks.delegated(asked)
    // Without what only bounces need, mail leaves all the same.
    const wishes = missingPermissions(asked, permissionsWithoutBounces(consent))
    const needed = missingPermissions(asked, wishes)
    const redeemed = await redeemAnswer(identity, answer, needed, explainMissingPermissions)
    if (redeemed.outcome === 'refused') return redeemed
    const { person, tokens, grantedPermissions, account } = redeemed

    const { fromEmail } = consent
    const refuseFor = (failure: Failure) =>
      refuse(
        explainFailure(failure, { sender: fromEmail, delegate: person.signInName, approvalLink, adminCenters }),
        account,
      )
    const found = await mailer.readDelegate(tokens.accessToken)
    if (found.outcome !== 'found') return refuseFor(found)
    const { delegate } = found
    if (delegate.objectId.toLowerCase() !== person.objectId.toLowerCase()) {
      return refuse(explainUnexpectedAnswer('another-person', adminCenters), account)
    }
    if (delegate.guest) return refuseGuest(identity, account)

    const ownAddress = delegate.addresses.some((address) => sameAddress(address, fromEmail))
    const kept = missingPermissions(asked, missingPermissions(wishes, grantedPermissions))
    const permissions = permissionsToKeep(kept, grantedPermissions, ownAddress)
    if (!ownAddress && !permissions.includes('Mail.Send.Shared')) {
      return {
        outcome: 'refused',
        explanation: explainMissingPermissions(
          ['Mail.Send.Shared'],
          approvalLinks.delegated([...asked, 'Mail.Send.Shared']),
        ),
        missingPermission: 'Mail.Send.Shared',
        account,
      }
    }
    const verification = verificationMessage({
      fromEmail,
      recipient: { address: delegate.addresses[0] ?? fromEmail, name: delegate.name },
      access: `the access of ${delegate.name}`,
      consentId: consent.id,
    })
    const sent = await mailer.send(verification, {
      accessToken: tokens.accessToken,
      sender: { own: ownAddress, grantedPermissions: permissions },
    })
    if (sent.outcome !== 'sent') return refuseFor(sent)

    const mailbox = ownAddress ? 'own' : 'delegated'
    const { accessToken } = tokens
    const subject = { fromEmail, mailbox, permissions, delegate: person.signInName } as const
    return {
      outcome: 'proved',
      account,
      ...(readsInbox && { bounces: await proveInbox(subject, { accessToken, mailer, identity, timers }) }),
      tokens,
      connection: {
        fromEmail,
        mailbox,
        delegate: toDelegate(delegate, person.tenantId),
        connectedAt: clock(),
        permissions,
        largeAttachments: consent.largeAttachments,
      },
    }
  }
}

function permissionsWithoutBounces({ largeAttachments }: Pick<ConsentRecord, 'largeAttachments'>): Permission[] {
  return permissionsFor({ ownAddress: false, largeAttachments, bounces: false })
}

/** Adds to what was asked only a `Mail.Send.Shared` that was granted earlier and is needed, and no extra of Microsoft's. */
function permissionsToKeep(asked: readonly string[], granted: readonly string[], ownAddress: boolean): string[] {
  if (ownAddress || asked.includes('Mail.Send.Shared') || !granted.includes('Mail.Send.Shared')) return [...asked]
  return [...asked, 'Mail.Send.Shared']
}

function toDelegate({ objectId, name, addresses }: Delegate, tenantId: string): Connection['delegate'] {
  return { tenantId, objectId, name, email: addresses[0] ?? '' }
}
