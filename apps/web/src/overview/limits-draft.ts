import { MAX_INTERNAL_DOMAINS, type SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import { splitEntries } from '../api/failure.ts'
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
  const [issue] = shape.internalDomains.safeParse(entries).error?.issues ?? []
  const licencesFault = shape.licences.safeParse(number).success ? null : t('overview.limits.licences.fault')
  const domainsFault = issue ? domainFault(entries, issue.path[0], t) : null
  const input = SendingLimitsInput.safeParse({ licences: number, internalDomains: entries }).data ?? null
  return { input, licencesFault, domainsFault }
}

function domainFault(entries: readonly string[], index: PropertyKey | undefined, t: Translate): string {
  const entry = typeof index === 'number' ? entries[index] : undefined
  return entry === undefined
    ? t('overview.limits.domains.too-many', { most: MAX_INTERNAL_DOMAINS })
    : t('overview.limits.domains.fault', { entry })
}
