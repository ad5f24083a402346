import { MAX_INTERNAL_DOMAINS, type SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import { splitEntries } from '../api/input-fault.ts'
import type { Translate } from '../language/translate.ts'

/** What was entered: a number, or nothing, and domains as text, one a line. */
export interface LimitsDraft {
  readonly licences: string
  readonly domains: string
}

export function draftOf(limits: SendingLimits | undefined): LimitsDraft {
  return { licences: limits?.licences?.toString() ?? '', domains: limits?.internalDomains.join('\n') ?? '' }
}

/** What was entered, or what is wrong with it in the language of the page. */
export function readDraft({ licences, domains }: LimitsDraft, t: Translate) {
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
