import type { Permission } from '@inforiver-mail/contract/permission'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import type { Approval } from '../approval-links.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewTokens } from './access.ts'
import type { ConsentRecord } from './consent-row-store.ts'
import type { ConsentGoal, Connection, SettingsState } from './settings-state.ts'

/** The secrets of a consent, which are deleted when it ends. */
export interface ConsentSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly codeChallenge: string
  /** The claims challenge of an earlier refusal: JSON. */
  readonly claims?: string
}

/** Whether Microsoft's grant was proved to work. */
export type Proof =
  | ({ readonly outcome: 'proved'; readonly connection: Connection; readonly tokens: NewTokens } & Answerer)
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
  /** The unchecked query of the return. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** Asks for consents and proves them, either with a person's tokens or with the application's own. */
export interface ConsentStrategy {
  permissionsFor(admin: SignedIn, goal: ConsentGoal, settings: SettingsState): Promise<readonly string[]>
  /** Returns the address of Microsoft's page. */
  consentUrl(consent: ConsentRecord, secrets: ConsentSecrets): Promise<string>
  /** Returns the page on which an Entra administrator approves for the organisation, whoever connects later. */
  approvalUrl(approval: Approval): string
  prove(answer: ConsentAnswer): Promise<Proof>
}

export function refuse(explanation: Explanation, account: string | null = null): Proof {
  return { outcome: 'refused', explanation, account }
}
