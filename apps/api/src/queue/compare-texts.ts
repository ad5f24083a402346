import type { Recipient } from '@inforiver-mail/contract/message'
import type { QueryConfig } from 'pg'
import { MILLIS, rowsOf, type Bind, type Match, type Selection, type Statements } from './find-filter.ts'
import type { Candidates } from './find-text.ts'
import { createTextMatcher, plainNeedle, type TextFilter } from './search-text.ts'

// Compares the texts of messages with a filter. Most of the work is to read the texts, so the database leaves them out
// where it can tell that they match. Whatever else matches is decided here, where the case is folded.

/**
 * Returns those of the candidates that match, in no order.
 *
 * @param alsoState whether candidates may be in another state than the filter asks for
 */
export type Compare = (candidates: Candidates, alsoState: boolean) => Promise<Match[]>

/** The texts are null where they are known to match, and those of recipients also where there are none. */
type TextRow = [id: string, millis: number, isKnown: boolean, ...texts: (string | null)[]]

export function createComparison(database: Statements, selection: Selection): Compare {
  const { tenantId, service, filter, source, ofStatus, besidesStatus } = selection
  const { status, submittedFrom, submittedTo } = filter
  const matcher = createTextMatcher(filter)

  return async (candidates, alsoState) => {
    if (!source) return []
    const values: unknown[] = [tenantId]
    const bind: Bind = (value) => `$${values.push(value)}`
    const conditions = [
      `r.tenant_id || '' = $1`,
      ...(service === null ? [] : [`r.service || '' = ${bind(service)}`]),
      ...(submittedFrom === undefined ? [] : [`r.created_at >= ${bind(submittedFrom)}::timestamptz`]),
      ...(submittedTo === undefined ? [] : [`r.created_at < ${bind(submittedTo)}::timestamptz`]),
      ...(filter.subject === undefined ? [] : [`r.subject = ${bind(filter.subject)}`]),
      ...(filter.reference === undefined ? [] : [`r.reference || '' = ${bind(filter.reference)}`]),
    ]
    if (alsoState && status === 'sent') conditions.push(`r.outcome || '' = 'sent'`) // equivalent to the state
    const states = alsoState ? [...(status === 'sent' ? [] : ofStatus(bind)), ...besidesStatus(bind)] : []
    const people = filter.search === undefined ? '"to", r.cc, r.bcc' : '"to"::text, r.cc::text, r.bcc::text'
    const { rows } = await database.query<TextRow>({
      text: `
SELECT id, millis, is_known, ${TEXTS.map((text) => `CASE WHEN NOT is_known THEN ${text}::text END`).join(', ')}
  FROM (SELECT t.*, ${matchesPlainly(filter, bind)} AS is_known
          FROM (SELECT r.id, ${MILLIS}, r.subject, r.reference, r.${people} ${rowsOf({ sql: `(${candidates(bind)})` }, conditions, states)} OFFSET 0
               ) AS t (id, millis, ${TEXTS.join(', ')}) OFFSET 0) AS compared`,
      values,
      rowMode: 'array',
    } as QueryConfig)
    return rows
      .filter(
        ([, , isKnown, subject, reference, ...lists]) =>
          isKnown ||
          matcher({
            subject: subject ?? '',
            reference: reference ?? null,
            recipients: () => lists.flatMap(parsePeople),
          }),
      )
      .map(([id, millis]) => ({ id, at: new Date(millis) }))
  }
}

const ASCII = /^[ -~]*$/
const PEOPLE = ['receivers', 'copied', 'hidden'] as const
const TEXTS = ['subject', 'reference', ...PEOPLE] as const

/**
 * SQL that is true only of rows `t` whose recipients and texts match: a shortcut, which may miss some of them. Subject and
 * reference were compared before.
 */
function matchesPlainly({ search, recipient }: TextFilter, bind: Bind): string {
  if (search === undefined) {
    if (recipient === undefined) return 'true'
    const spellings = ASCII.test(recipient) ? [recipient, recipient.toLowerCase()] : [recipient]
    const asked = bind(spellings.map((address) => JSON.stringify([{ address }])))
    return PEOPLE.map((list) => `coalesce(${list} @> ANY (${asked}::jsonb[]), false)`).join(' OR ')
  }
  const needle = plainNeedle(search)
  if (needle === null || recipient !== undefined) return 'false'
  const searched = `${bind(needle)}::text`
  // Only of ASCII is the lower case the same everywhere. Behind a backslash JSON writes a character in other letters.
  const contains = (text: string) =>
    `octet_length(${text}) = length(${text}) AND strpos(lower(${text} COLLATE "C"), ${searched}) > 0`
  return [
    ...['subject', 'reference'].map((text) => `coalesce(${contains(text)}, false)`),
    ...PEOPLE.map((list) => `coalesce(strpos(${list}, '\\') = 0 AND ${contains(list)}, false)`),
  ].join(' OR ')
}

function parsePeople(json: string | null): readonly Recipient[] {
  return json === null ? [] : (JSON.parse(json) as readonly Recipient[])
}
