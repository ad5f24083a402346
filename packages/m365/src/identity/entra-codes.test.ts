import { ENGLISH } from '@inforiver-mail/contract/language/english'
import { describe, expect, it } from 'vitest'
import { ADDRESSED, ADMIN_CENTERS, findRemedyFaults } from '../test-support/remedy.ts'
import { ENTRA_CODES, sentencesOf, type EntraCode } from './entra-codes.ts'
import { readTokenRefusal } from './entra-refusal.ts'
import { explainRefusal, type Leg } from './explain-refusal.ts'

const LINK = 'https://login.microsoftonline.com/tenant/v2.0/adminconsent?client_id=app'
const LEGS_OF = {
  'sign-in': ['sign-in'],
  consent: ['authorize', 'redeem'],
  renewal: ['refresh', 'application'],
} as const satisfies Record<string, readonly Leg[]>
const ALL_LEGS: readonly Leg[] = ['sign-in', 'authorize', 'redeem', 'refresh', 'application']

/** What each `error` means for a connection, whatever number comes with it, unless the number stands for an outage. */
const RENEWAL_BY_ERROR: Readonly<Record<string, string>> = {
  invalid_grant: 'reconnect-required',
  interaction_required: 'reconnect-required',
  consent_required: 'reconnect-required',
  access_denied: 'reconnect-required',
  invalid_client: 'app-misconfigured',
  unauthorized_client: 'app-misconfigured',
  unsupported_response_type: 'app-misconfigured',
  invalid_scope: 'app-misconfigured',
  invalid_request: 'app-misconfigured',
  invalid_resource: 'app-misconfigured',
}
const UNAVAILABLE = new Set(['server_error', 'temporarily_unavailable'])

const NAMES = new Map<string, EntraCode>(
  ENTRA_CODES.flatMap((row) => row.codes.map((code) => [row.only ? `${code} (${row.only})` : `${code}`, row] as const)),
)

describe.each([...NAMES])('AADSTS%s', (name, row) => {
  const code = Number.parseInt(name, 10)
  const cases = row.sentWith.flatMap((sentWith) => legsOf(row, code).map((leg) => ({ sentWith, leg })))

  it('has the kind that its row or the error says, with every error it comes with and on every leg', () => {
    const found = cases.map(({ sentWith, leg }) => {
      const { kind, aadstsCode } = explain(code, sentWith, leg)
      return { sentWith, leg, kind, aadstsCode }
    })
    expect(found).toEqual(cases.map((one) => ({ ...one, kind: expectedKind(row, one), aadstsCode: code })))
  })

  it('is described as its row says, unless the error contradicts it', () => {
    for (const { sentWith, leg } of cases.filter((one) => !isContradicted(row, one))) {
      const { title, detail, action } = explain(code, sentWith, leg)
      expect({ title, detail }).toEqual({
        title: ENGLISH[`${sentencesOf(row)}.title`],
        detail: ENGLISH[`${sentencesOf(row)}.detail`]?.replace(/\.$/, ` (AADSTS${code}).`),
      })
      // A number about a person never ends a connection without one, where an administrator acts instead.
      expect(action).toMatch(leg === 'application' ? /\w/ : ADDRESSED[row.actor])
    }
  })

  it('says in whole sentences who acts and where, with a link, and offers Reconnect where it helps', () => {
    for (const { sentWith, leg } of cases) {
      const { title, kind, action } = explain(code, sentWith, leg)
      expect(title).toMatch(/^[A-Z].*[^.]$/)
      expect(findRemedyFaults(action, { onlyInThePage: !isRenewal(leg) })).toEqual([])
      expect(action.includes('Reconnect')).toBe(kind === 'reconnect-required')
    }
  })

  it('says nothing about sending or about Accept to somebody who only signs in', () => {
    for (const sentWith of row.sentWith) {
      const { title, detail, action } = explain(code, sentWith, 'sign-in')
      expect(`${title} ${detail} ${action}`).not.toMatch(/\bconsented|that sending|choose Accept|try again/i)
    }
  })
})

describe('the table of AADSTS numbers', () => {
  it('explains every number in a consent and in a renewal', () => {
    const everywhere = ENTRA_CODES.filter(({ only }) => only === undefined)
    const [inConsent, inRenewal] = (['consent', 'renewal'] as const).map(
      (stage) =>
        new Set([...everywhere, ...ENTRA_CODES.filter(({ only }) => only === stage)].flatMap((row) => row.codes)),
    )
    expect(inConsent).toEqual(inRenewal)
  })

  it('holds no number and no suberror twice for the same stage', () => {
    for (const only of [undefined, 'sign-in', 'consent', 'renewal']) {
      const rows = ENTRA_CODES.filter((row) => row.only === only)
      const keys = rows.flatMap(({ codes, suberrors = [] }) => [codes, suberrors]).flat()
      expect(new Set(keys).size).toBe(keys.length)
    }
  })
})

/** The legs on which this row counts, and no row that is limited to their stage. */
function legsOf({ only }: EntraCode, code: number): readonly Leg[] {
  if (only) return LEGS_OF[only]
  const taken = ENTRA_CODES.filter((row) => row.only && row.codes.includes(code)).flatMap((row) => row.only ?? [])
  return ALL_LEGS.filter((leg) => !taken.some((stage) => LEGS_OF[stage].some((other) => other === leg)))
}

function isRenewal(leg: Leg): boolean {
  return leg === 'refresh' || leg === 'application'
}

interface Case {
  readonly sentWith: string
  readonly leg: Leg
}

function expectedKind({ kind }: EntraCode, { sentWith, leg }: Case): string | undefined {
  if (kind === 'microsoft-unavailable' || UNAVAILABLE.has(sentWith)) return 'microsoft-unavailable'
  return isRenewal(leg) ? RENEWAL_BY_ERROR[sentWith.split('+')[0] ?? ''] : kind
}

/** `error` says something else than the number, and wins. */
function isContradicted(row: EntraCode, one: Case): boolean {
  if (!isRenewal(one.leg) || row.kind === 'microsoft-unavailable') return false
  return (row.kind === 'app-misconfigured') !== (expectedKind(row, one) === 'app-misconfigured')
}

function explain(code: number, sentWith: string, leg: Leg) {
  const [error, suberror] = sentWith.split('+')
  const error_description = `AADSTS${code}: Words of Microsoft.\r\nTrace ID: x`
  const body = { error, suberror, error_codes: [code], error_description }
  const refusal = readTokenRefusal(leg === 'authorize' ? null : 400, body)
  return explainRefusal(refusal, { leg, approvalLink: LINK, adminCenters: ADMIN_CENTERS })
}
