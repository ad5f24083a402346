import { type SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import { listFault, splitEntries } from '../api/failure.ts'
import type { Translate } from '../language/translate.ts'

/** What the fields show: a number, or nothing, and domains as text, one a line. */
interface LimitsValues {
  readonly licences: string
  readonly domains: string
}

/** What was entered; everything else is as it was read. */
export type LimitsDraft = Partial<LimitsValues>

/** The values of the fields, which are empty until the limits are read. */
export function limitsValues(limits: SendingLimits | undefined, draft: LimitsDraft): LimitsValues {
  const { licences, internalDomains } = limits ?? { licences: null, internalDomains: [] }
  return { licences: licences?.toString() ?? '', domains: internalDomains.join('\n'), ...draft }
}

/** What was entered, or what is wrong with it in the language of the page. */
export function readValues({ licences, domains }: LimitsValues, t: Translate) {
  const { shape } = SendingLimitsInput
  const number = licences.trim() === '' ? null : Number(licences.trim())
  const entries = splitEntries(domains)
  const licencesFault = shape.licences.safeParse(number).success ? null : t('overview.limits.licences.fault')
  const domainsFault = listFault(shape.internalDomains, entries, t)
  const input = SendingLimitsInput.safeParse({ licences: number, internalDomains: entries }).data ?? null
  return { input, licencesFault, domainsFault }
}
