import { isAllowedRecipient } from '@inforiver-mail/contract/allowed-domains'
import { refuseFaults } from '../http/input-faults.ts'
import type { Fault } from '../http/problem.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

/** The domains that a message may be addressed to. An empty list allows all, and both have to allow a recipient. */
export interface RecipientRules {
  /** The domains that the recipients policy allows. */
  readonly ofInstallation: readonly string[]
  /** The domains that the service key allows. */
  readonly ofKey: readonly string[]
}

interface Addressed {
  readonly to: readonly { readonly address: string }[]
  readonly cc: readonly { readonly address: string }[]
  readonly bcc: readonly { readonly address: string }[]
}

/** Returns why a recipient is refused, in a sentence for whoever submits the message; null for one that is allowed. */
export function refuseRecipient(address: string, { ofInstallation, ofKey }: RecipientRules): string | null {
  if (!isAllowedRecipient(address, ofInstallation)) return fault('domain-not-allowed')
  if (!isAllowedRecipient(address, ofKey)) return fault('domain-not-allowed-for-key')
  return null
}

/** @throws {ProblemError} `recipient-not-allowed` with every recipient that is refused, by path */
export function requireAllowedRecipients({ to, cc, bcc }: Addressed, rules: RecipientRules): void {
  const faults = Object.entries({ to, cc, bcc }).flatMap(([field, recipients]) =>
    recipients.flatMap(({ address }, index): Fault[] => {
      const message = refuseRecipient(address, rules)
      return message === null ? [] : [{ path: `${field}[${index}]`, message }]
    }),
  )
  if (faults.length > 0) throw refuseFaults('recipient-not-allowed', faults)
}
