import type { Check, CheckStatus } from '@inforiver-mail/contract/setup-check'
import type { Values } from '@inforiver-mail/contract/values'
import { serverText } from '../api/server-text.ts'
import type { TextValues, Translate } from '../language/translate.ts'

/** What a check found, in the page's language; `isEnglish` where only the server has words for it. */
export interface CheckText {
  readonly title: string
  readonly detail: string
  readonly action: string | null
  readonly isEnglish: boolean
  /** The part of `detail` that is the server's English, such as a fault of the configuration; null where there is none. */
  readonly quoted: string | null
}

export function checkText(check: Check, t: Translate): CheckText {
  // Microsoft's answer is explained by sentences of its own.
  if (typeof check.values['title'] === 'string') {
    const { values, title, detail, action } = check
    const { lang, ...said } = serverText({ values, title, detail, action: action ?? '' }, t)
    return { ...said, action: said.action === '' ? null : said.action, isEnglish: lang === 'en', quoted: null }
  }
  const values = { ...toTextValues(check.values, t), ...wordedReason(check, t) }
  const word = (part: string) => t.known(`checks.${check.code}.${part}`, values)
  const [title, detail] = [word('title'), word('detail')]
  const action = check.action === null ? null : word('action')
  // Texts of two languages are not mixed.
  if (title === null || detail === null || (check.action !== null && action === null)) {
    return { title: check.title, detail: check.detail, action: check.action, isEnglish: true, quoted: null }
  }
  return { title, detail, action, isEnglish: false, quoted: quotedIn(detail, check, t) }
}

/** Values that are whole texts of the server, in English. */
const QUOTED = ['reason', 'faults', 'warnings'] as const

function quotedIn(detail: string, { values }: Check, t: Translate): string | null {
  if (t.language === 'en') return null
  const texts = QUOTED.flatMap((name) => {
    const value = values[name]
    return Array.isArray(value) ? [value.join(' ')] : typeof value === 'string' ? [value] : []
  })
  return texts.find((text) => text !== '' && detail.includes(text)) ?? null
}

/** A reason that is Microsoft's answer is worded by the sentences that the values name as detail. */
function wordedReason({ values }: Check, t: Translate): { readonly reason?: string } {
  const { reason, detail } = values
  if (typeof reason !== 'string' || !Array.isArray(detail)) return {}
  return { reason: serverText({ detail: reason, values }, t).detail }
}

const ORDER = ['failed', 'warning', 'skipped', 'ok'] as const satisfies readonly CheckStatus[]

/** The checks that somebody has to act on come first; within a status the order of the answer stays. */
export function byUrgency(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status))
}

/** How many checks came out how, as a sentence. */
export function summaryText(checks: readonly Check[], t: Translate): string {
  const count = (status: CheckStatus) => checks.filter((check) => check.status === status).length
  return t('checks.summary', {
    failed: count('failed'),
    warnings: count('warning'),
    ok: count('ok'),
    skipped: count('skipped'),
  })
}

function toTextValues(values: Values, t: Translate): TextValues {
  const texts = Object.entries(values).flatMap(([name, value]): [string, string | number][] => {
    if (value === null) return []
    if (Array.isArray(value))
      return [[name, value.every((text) => text.endsWith('.')) ? value.join(' ') : t.list(value)]]
    return [[name, typeof value === 'boolean' ? String(value) : value]]
  })
  return Object.fromEntries(texts)
}
