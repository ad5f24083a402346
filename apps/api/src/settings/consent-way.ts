import type { Permission } from '@inforiver-mail/contract/permission'
import type { Explanation } from '@inforiver-mail/m365/explanation'
import type { Approval } from '../approval-links.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewTokens } from './access.ts'
import type { ConsentGoal, Connection, SettingsState } from './settings-state.ts'
import type { ConsentRecord } from './settings-store.ts'

/** What a consent keeps to itself until Microsoft has answered. */
export interface ConsentSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly codeChallenge: string
  /** What Microsoft wanted before of such a sign-in: JSON. */
  readonly claims?: string
}

/** What Microsoft gave, proved to work. */
export type Proof =
  | ({ readonly outcome: 'proved'; readonly connection: Connection; readonly tokens: NewTokens } & Answerer)
  | ({
      readonly outcome: 'refused'
      readonly explanation: Explanation
      readonly missingPermission?: Permission
    } & Answerer)

/** Who answered at Microsoft: not always the admin who asked. */
interface Answerer {
  /** The sign-in name; null where Microsoft vouches for none. */
  readonly account: string | null
}

/** Microsoft's answer to a consent, in the session that asked. */
export interface ConsentAnswer {
  readonly consent: ConsentRecord
  readonly secrets: ConsentSecrets
  readonly admin: SignedIn
  /** As they came. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** How consents are asked for and proved: with a person's tokens, or with the application's own. */
export interface ConsentWay {
  permissionsFor(admin: SignedIn, goal: ConsentGoal, settings: SettingsState): Promise<readonly string[]>
  /** Microsoft's page. */
  consentUrl(consent: ConsentRecord, secrets: ConsentSecrets): Promise<string>
  /** Microsoft's page for an Entra administrator who approves for the organisation, whoever connects later. */
  approvalUrl(approval: Approval): string
  prove(answer: ConsentAnswer): Promise<Proof>
}

export function refuse(explanation: Explanation, account: string | null = null): Proof {
  return { outcome: 'refused', explanation, account }
}
