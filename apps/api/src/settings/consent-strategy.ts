import type { Permission } from '@inforiver-mail/contract/permission'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import type { ReportsExplanation } from '@inforiver-mail/m365/explain-reports'
import type { OutgoingMessage } from '@inforiver-mail/m365/outgoing-message'
import type { SignedIn } from '../http/session.ts'
import type { NewTokens } from './access.ts'
import type { ConsentRecord } from './consent-store.ts'
import type { ConsentGoal, Connection, SettingsState } from './settings-state.ts'

/**
 * A page of Microsoft: `delegate` asks the person whose access is used for the inbox; `application` asks an Entra
 * administrator for what the application may do.
 */
export type ReportsLeg = 'delegate' | 'application'

/** The secrets of a consent, which are deleted when it ends. */
export interface ConsentSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly codeChallenge: string
  /** The page of a consent for delivery reports, which may have two. */
  readonly leg?: ReportsLeg
  /** The claims challenge of an earlier refusal: JSON. */
  readonly claims?: string
}

/** A token may lack at first what an administrator has just granted: how long to wait before each further attempt. */
export const GRANT_DELAYS_MS = [2_000, 4_000]

/** Waits that many milliseconds. */
export type WaitForGrant = (ms: number) => Promise<unknown>

/** Whether Microsoft's grant was proved to work. */
export type Proof =
  | ({
      readonly outcome: 'proved'
      readonly connection: Connection
      readonly tokens: NewTokens
      /** What reading the inbox came to, where `readsInbox` asked for it; null is success. */
      readonly bounces?: ReportsExplanation | null
    } & Answerer)
  | ({
      readonly outcome: 'refused'
      readonly explanation: Explanation
      readonly missingPermission?: Permission
    } & Answerer)

/** The person who answered at Microsoft, who need not be the admin who asked. */
interface Answerer {
  /** The sign-in name; null where Microsoft vouches for none. */
  readonly account: string | null
}

/** Microsoft's answer to a consent, in the session that asked. */
export interface ConsentAnswer {
  readonly consent: ConsentRecord
  readonly secrets: ConsentSecrets
  readonly admin: SignedIn
  /** Bounces are on, so the new connection has to read the inbox too. It is kept where it cannot. */
  readonly readsInbox: boolean
  /** The unchecked query of the return. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** Asks for consents and proves them, either with a person's tokens or with the application's own. */
export interface ConsentStrategy {
  permissionsFor(admin: SignedIn, goal: ConsentGoal, settings: SettingsState): Promise<readonly string[]>
  /** Returns the address of Microsoft's page. */
  consentUrl(consent: ConsentRecord, secrets: ConsentSecrets): Promise<string>
  prove(answer: ConsentAnswer): Promise<Proof>
}

export type Refused = Extract<Proof, { outcome: 'refused' }>

export function refuse(explanation: Explanation, account: string | null = null): Refused {
  return { outcome: 'refused', explanation, account }
}

/** Sending it is the only proof Microsoft offers that a grant may send as the sender. */
export function verificationMessage({
  fromEmail,
  recipient,
  access,
  consentId,
}: {
  fromEmail: string
  recipient: { address: string; name: string }
  /** Whose access it is, worded to follow "with". */
  access: string
  consentId: string
}): OutgoingMessage {
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
