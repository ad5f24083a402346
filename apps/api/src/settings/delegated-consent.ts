import { sameAddress } from '@inforiver-mail/contract/email-address'
import { permissionsFor } from '@inforiver-mail/contract/permission'
import type { Failure } from '@inforiver-mail/m365/classify-failure'
import { readRedirectRefusal } from '@inforiver-mail/m365/entra-refusal'
import { explainFailure } from '@inforiver-mail/m365/explain-failure'
import {
  explainMissingPermissions,
  explainMissingRefreshToken,
  explainRefusal,
  explainUnexpectedAnswer,
  explainWrongAccount,
} from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/granted-permissions'
import type { Delegate, GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import { refuse, type ConsentAnswer, type ConsentStrategy, type Proof } from './consent-strategy.ts'
import type { ConsentStore } from './consent-store.ts'
import type { Connection, SettingsState } from './settings-state.ts'
import { verificationMessage } from './verification-message.ts'

/** Asks a person for consent, and sends with that person's tokens. */
export function createDelegatedConsent({
  consentStore,
  identity,
  mailer,
  clock,
}: {
  consentStore: Pick<ConsentStore, 'findMissingPermission'>
  identity: MicrosoftIdentity
  mailer: GraphMailer
  clock: () => Date
}): ConsentStrategy {
  return {
    async permissionsFor({ tenantId, email }, { fromEmail, largeAttachments }, settings) {
      const ownAddress = sameAddress(fromEmail, email) && !(await isKnownToBeShared(tenantId, settings, fromEmail))
      return permissionsFor({ ownAddress, largeAttachments })
    },

    consentUrl: ({ requestedPermissions: scopes }, { state, nonce, codeChallenge, claims }) =>
      identity.authorizeUrl({ scopes, state, nonce, codeChallenge, prompt: 'select_account', claims }),

    approvalUrl: (approval) => identity.adminConsentUrl({ scopes: permissionsFor(approval) }),

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

  async function prove({ consent, secrets, parameters }: ConsentAnswer): Promise<Proof> {
    const asked = consent.requestedPermissions
    const { adminCenters, approvalLinks } = identity
    const approvalLink = approvalLinks.delegated(asked)
    const refusal = readRedirectRefusal(parameters)
    if (refusal) return refuse(explainRefusal(refusal, { leg: 'authorize', approvalLink, adminCenters }))
    const { code } = parameters
    if (typeof code !== 'string' || code === '')
      return refuse(explainUnexpectedAnswer('The answer holds neither a code nor an error.', adminCenters))

    const { nonce, codeVerifier, claims } = secrets
    const redemption = await identity.redeemCode({ code, codeVerifier, nonce, scopes: asked, claims })
    if (redemption.outcome === 'refused') return refuse(redemption.explanation)
    const { person, tokens, grantedPermissions } = redemption
    const account = person.signInName || null
    const refuseGuest = () =>
      refuse(explainWrongAccount('The account is a guest of the organisation.', adminCenters), account)
    if (person.guest) return refuseGuest()
    const missing = missingPermissions(asked, grantedPermissions)
    if (missing.length > 0) return refuse(explainMissingPermissions(missing, approvalLink), account)
    if (tokens.refreshToken === null) return refuse(explainMissingRefreshToken(approvalLink), account)

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
      const detail = 'Microsoft Graph names another person than the one who signed in.'
      return refuse(explainUnexpectedAnswer(detail, adminCenters), account)
    }
    if (delegate.guest) return refuseGuest()

    const ownAddress = delegate.addresses.some((address) => sameAddress(address, fromEmail))
    const permissions = permissionsToKeep(asked, grantedPermissions, ownAddress)
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

    return {
      outcome: 'proved',
      account,
      tokens: { ...tokens, refreshToken: tokens.refreshToken },
      connection: {
        fromEmail,
        mailbox: ownAddress ? 'own' : 'delegated',
        delegate: toDelegate(delegate, person.tenantId),
        connectedAt: clock(),
        permissions,
        largeAttachments: consent.largeAttachments,
      },
    }
  }
}

/** Adds to what was asked only a `Mail.Send.Shared` that was granted earlier and is needed, and no extra of Microsoft's. */
function permissionsToKeep(asked: readonly string[], granted: readonly string[], ownAddress: boolean): string[] {
  if (ownAddress || asked.includes('Mail.Send.Shared') || !granted.includes('Mail.Send.Shared')) return [...asked]
  return [...asked, 'Mail.Send.Shared']
}

function toDelegate({ objectId, name, addresses }: Delegate, tenantId: string): Connection['delegate'] {
  return { tenantId, objectId, name, email: addresses[0] ?? '' }
}
