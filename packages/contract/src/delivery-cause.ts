/**
 * What the enhanced status codes of non-delivery reports and of the message trace mean (RFC 3463, and Exchange Online's
 * own). The only list of their numbers: both ends of a range belong to it. The texts are in
 * `language/en/deliveries.ts`.
 *
 * Source: Microsoft, *Non-delivery reports in Exchange Online*; reports of real messages.
 */
export const DELIVERY_CODES = {
  'bad-address': ['5.1.0', '5.1.3'],
  'no-such-mailbox': ['5.1.1', '5.1.10', '5.5.0'],
  'sender-blocked': ['5.1.8'],
  'domain-not-registered': ['5.7.750'],
  'mailbox-day-limit': ['5.1.90'],
  'external-limit-trial': ['5.7.232'],
  'external-limit': ['5.7.233'],
  'onmicrosoft-limit': ['5.7.236'],
  'mailbox-full': ['5.2.2'],
  'recipient-busy': ['5.2.121', '5.2.122', '4.3.2'],
  'remote-refused': ['5.0.350'],
  'recipient-refused': ['5.4.1'],
  loop: ['5.4.6', '5.4.14'],
  'remote-unreachable': ['4.4.7', '5.4.300', '4.4.316', '4.4.317'],
  'many-recipients': ['4.5.3'],
  'too-large': ['5.3.4'],
  'bare-line-feeds': ['5.6.11'],
  'from-broken': ['5.1.20', '5.7.512'],
  'not-authorised': ['5.7.1'],
  'senders-limited': ['5.7.12', '5.7.13', '5.7.124', '5.7.133-5.7.136'],
  'spf-failed': ['5.7.23'],
  'dmarc-failed': ['5.7.509'],
  'sender-unauthenticated': ['5.7.515'],
  'not-authenticated': ['5.7.57', '5.7.64'],
  'encryption-failed': ['5.7.5', '5.4.8', '5.7.321-5.7.325'],
  'remote-spam': ['5.7.350'],
  'remote-relay': ['5.7.367'],
  'recipient-blocks': ['5.7.507', '5.7.513'],
  'sender-banned': ['5.7.501-5.7.503', '5.7.508', '5.7.510', '5.7.511', '5.7.606-5.7.649'],
  'forwarding-off': ['5.7.520'],
  'tenant-block-list': ['5.7.703'],
  'tenant-throttled': ['5.7.705', '5.7.708', '4.7.500-4.7.699', '4.7.850-4.7.899'],
  'loss-prevention': ['5.7.171'],
  'mail-flow-rule': ['5.7.900-5.7.999'],
} as const satisfies Record<string, readonly string[]>

export type DeliveryCause = keyof typeof DELIVERY_CODES | ReturnType<typeof causeByClass>

const LISTED_CAUSES = Object.keys(DELIVERY_CODES) as (keyof typeof DELIVERY_CODES)[]

/** They say that a limit of the sender is used up: the mailbox pauses. */
export const QUOTA_CODES: readonly string[] = [
  ...DELIVERY_CODES['mailbox-day-limit'],
  ...DELIVERY_CODES['external-limit-trial'],
  ...DELIVERY_CODES['external-limit'],
  ...DELIVERY_CODES['onmicrosoft-limit'],
]

/** @param code the number alone, such as `5.1.10` */
export function deliveryCause(code: string): DeliveryCause {
  const number = numberOf(code)
  const listed = LISTED_CAUSES.find((cause) =>
    DELIVERY_CODES[cause].some((range) => {
      const [from = '', to = from] = range.split('-')
      return numberOf(from) <= number && number <= numberOf(to)
    }),
  )
  return listed ?? causeByClass(code)
}

/** What a code means that is not in the table: by its class and subject (RFC 3463, sections 3.1 and 3.2). */
function causeByClass(code: string) {
  const [kind = '', subject = ''] = code.split('.')
  if (kind === '4') return 'other-temporary'
  return subject in CAUSES_BY_SUBJECT ? CAUSES_BY_SUBJECT[subject as keyof typeof CAUSES_BY_SUBJECT] : 'other-permanent'
}

const CAUSES_BY_SUBJECT = {
  '1': 'other-address',
  '2': 'other-mailbox',
  '3': 'other-mail-system',
  '4': 'other-network',
  '6': 'other-content',
  '7': 'other-policy',
} as const

/** Orders codes: each part has at most three digits (RFC 3463, section 2). */
function numberOf(code: string): number {
  return code.split('.').reduce((number, part) => number * 1_000 + Number(part), 0)
}
