import type { DeliveryReport, Recipient } from '@inforiver-mail/contract/message'

/** Lists the recipients of a message with what is known of their delivery. */
export function reportRecipients({
  to,
  cc,
  bcc,
}: {
  readonly to: readonly Recipient[]
  /** Null, as is bcc, where they were not kept. */
  readonly cc: readonly Recipient[] | null
  readonly bcc: readonly Recipient[] | null
}): DeliveryReport[] {
  return [...to.map(unreported('to')), ...(cc ?? []).map(unreported('cc')), ...(bcc ?? []).map(unreported('bcc'))]
}

function unreported(kind: DeliveryReport['kind']): (recipient: Recipient) => DeliveryReport {
  return ({ address }) => ({
    address,
    kind,
    delivery: 'unknown',
    code: null,
    explanation: null,
    detail: null,
    at: null,
    source: null,
    certain: true,
    note: null,
  })
}
