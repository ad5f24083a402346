import type { ConsentProblemCode, ReportsProblemCode } from '@inforiver-mail/contract/consent-problem'

/** Entra refuses while somebody only signs in, an admin consents, or an existing connection gets new tokens. */
export type Stage = 'sign-in' | 'consent' | 'renewal'

/** The problems of a consent that Entra can cause; the others come from Exchange, or from here. */
export type EntraProblemCode = Exclude<
  ConsentProblemCode,
  'consent-interrupted' | 'send-as-denied' | 'mailbox-not-found' | Exclude<ReportsProblemCode, 'permission-missing'>
>

/** Says who has to act: `nobody` when the trouble passes by itself. */
export type Actor = 'person' | 'entra-administrator' | 'operator' | 'support' | 'nobody'

/** What a number after `AADSTS` adds to `error` and `suberror`: a better text, and for a consent a better kind. */
export interface EntraCode extends CodeRow {
  /** The kind of a refused consent. When a renewal is refused, `error` and `suberror` decide. */
  readonly kind: EntraProblemCode
  readonly actor: Actor
}

interface CodeRow {
  readonly codes: readonly number[]
  /** Limits the row to one stage, for numbers that mean something else in another. */
  readonly only?: Stage
  /** The pairs `error` or `error+suberror` that Microsoft documents or sends with these numbers. */
  readonly sentWith: readonly string[]
  /** The values of `suberror` that this row explains when the number is unknown or missing. */
  readonly suberrors?: readonly string[]
}

/** The pairs that come with a second factor that is missing. */
const SECOND_FACTOR = [
  'interaction_required',
  'invalid_grant',
  'invalid_grant+basic_action',
  'invalid_grant+additional_action',
]
const NO_CONSENT = ['consent_required', 'interaction_required', 'invalid_grant+consent_required', 'invalid_grant']

/**
 * The only list of AADSTS numbers: the explainer, the tests and docs/microsoft-codes.md read it. The first row that
 * holds a number and fits the stage counts. A row of kind `microsoft-unavailable` never ends a connection, whatever
 * `error` comes with it.
 *
 * Source: Microsoft identity platform, "Authentication and authorization error codes". Microsoft documents few pairs
 * of number and `error`; where several are plausible, `sentWith` lists them all.
 */
export const ENTRA_CODES: readonly EntraCode[] = [
  ...judged('microsoft-refused', 'person', [
    { codes: [700082, 70008], only: 'renewal', sentWith: ['invalid_grant', 'invalid_grant+token_expired'] },
    { codes: [50173], sentWith: ['invalid_grant', 'invalid_grant+bad_token', 'interaction_required'] },
    { codes: [50132, 50133], sentWith: ['invalid_grant', 'invalid_grant+bad_token'] },
    { codes: [70000], sentWith: ['invalid_grant', 'invalid_grant+bad_token'], suberrors: ['bad_token'] },
    { codes: [54005], sentWith: ['invalid_grant'] },
    { codes: [70008, 700082], only: 'consent', sentWith: ['invalid_grant'] },
    { codes: [501481, 700005], sentWith: ['invalid_grant'] },
  ]),
  ...judged('microsoft-refused', 'operator', [{ codes: [700084], sentWith: ['invalid_grant'] }]),
  ...judged('microsoft-refused', 'entra-administrator', [
    { codes: [70043], sentWith: ['invalid_grant', 'invalid_grant+bad_token'] },
  ]),
  ...judged('access-blocked', 'entra-administrator', [
    { codes: [50057], sentWith: ['invalid_grant', 'access_denied'] },
    { codes: [50053], sentWith: ['invalid_grant', 'access_denied'] },
    { codes: [53000, 53001], sentWith: ['invalid_grant', 'invalid_grant+message_only', 'access_denied'] },
    {
      codes: [53002, 53003, 53004, 53010, 53011, 530032, 530034],
      sentWith: ['invalid_grant', 'invalid_grant+message_only', 'access_denied', 'interaction_required'],
      suberrors: ['message_only'],
    },
    { codes: [530035], sentWith: ['invalid_grant+message_only', 'access_denied'] },
  ]),
  ...judged('wrong-account', 'entra-administrator', [
    { codes: [50034], only: 'renewal', sentWith: ['invalid_grant', 'access_denied'] },
    { codes: [50105], sentWith: ['interaction_required', 'access_denied'] },
  ]),
  ...judged('wrong-account', 'person', [
    { codes: [50034], sentWith: ['invalid_grant', 'access_denied', 'invalid_request'] },
    { codes: [50020], sentWith: ['access_denied'] },
  ]),
  ...judged('access-blocked', 'person', [
    { codes: [50055], sentWith: ['invalid_grant'], suberrors: ['user_password_expired'] },
    { codes: [50074, 50076, 50078], sentWith: SECOND_FACTOR, suberrors: ['basic_action'] },
    { codes: [50072, 50079], sentWith: SECOND_FACTOR, suberrors: ['additional_action'] },
    { codes: [50131, 50158], sentWith: ['interaction_required', 'invalid_grant'] },
  ]),
  ...judged('permission-missing', 'entra-administrator', [
    { codes: [65001], only: 'sign-in', sentWith: NO_CONSENT, suberrors: ['consent_required'] },
    { codes: [65001], sentWith: NO_CONSENT, suberrors: ['consent_required'] },
  ]),
  ...judged('consent-cancelled', 'entra-administrator', [
    { codes: [65004], only: 'sign-in', sentWith: ['access_denied', 'consent_required'], suberrors: ['cancel'] },
    { codes: [65004], sentWith: ['access_denied', 'consent_required'], suberrors: ['cancel'] },
  ]),
  ...judged('admin-approval-required', 'entra-administrator', [
    { codes: [90094], only: 'sign-in', sentWith: ['access_denied', 'consent_required', 'interaction_required'] },
    { codes: [90094], sentWith: ['access_denied', 'consent_required', 'interaction_required'] },
    { codes: [90095], sentWith: ['access_denied', 'consent_required'] },
  ]),
  ...judged('app-misconfigured', 'operator', [
    { codes: [7000215], sentWith: ['invalid_client', 'unauthorized_client'] },
    { codes: [7000222], sentWith: ['invalid_client', 'unauthorized_client'] },
    { codes: [700027, 50012, 700030], sentWith: ['invalid_client', 'invalid_request'] },
    { codes: [700024], sentWith: ['invalid_client'] },
    { codes: [50027, 700021, 700023], sentWith: ['invalid_client'] },
    {
      codes: [70021, 700211, 700212, 700213, 7002138],
      sentWith: ['invalid_request', 'invalid_client', 'unauthorized_client'],
    },
    { codes: [1002012], sentWith: ['invalid_scope'] },
    { codes: [7000218, 700025], sentWith: ['invalid_client', 'invalid_request'] },
    { codes: [700016, 70001], sentWith: ['unauthorized_client', 'invalid_client', 'invalid_request'] },
    { codes: [50011], sentWith: ['invalid_request', 'invalid_client'] },
    { codes: [90002, 90019, 50059], sentWith: ['invalid_request'] },
    { codes: [90038, 900382, 900432], sentWith: ['invalid_request'] },
    { codes: [50194, 9001023, 9002332], sentWith: ['invalid_request'] },
    { codes: [650057, 65005], sentWith: ['invalid_resource', 'invalid_client'] },
    { codes: [700054], sentWith: ['unsupported_response_type'] },
  ]),
  ...judged('app-misconfigured', 'entra-administrator', [
    { codes: [7000112], sentWith: ['unauthorized_client', 'invalid_client'] },
    { codes: [500011, 650052], sentWith: ['invalid_resource', 'invalid_client', 'invalid_request'] },
  ]),
  ...judged('app-misconfigured', 'support', [
    {
      codes: [70011, 700022, 28000, 28002, 28003, 900144, 900561, 90014, 9002313, 50147, 501491],
      sentWith: ['invalid_scope', 'invalid_request'],
    },
  ]),
  ...judged('microsoft-unavailable', 'nobody', [
    { codes: [50196], sentWith: ['invalid_grant', 'temporarily_unavailable', 'invalid_request'] },
    {
      codes: [90033, 90006, 90012, 90024, 90055, 50033, 90090],
      sentWith: ['temporarily_unavailable', 'server_error', 'invalid_grant', 'invalid_request'],
    },
  ]),
]

/** Rows of one kind, about which the same person acts. */
function judged(kind: EntraProblemCode, actor: Actor, rows: readonly CodeRow[]): readonly EntraCode[] {
  return rows.map((row) => ({ ...row, kind, actor }))
}

/** The name under which the sentences of a row stand: its first number, and its stage where it is limited to one. */
export function sentencesOf({ codes, only }: Pick<EntraCode, 'codes'> & { readonly only?: Stage | undefined }): string {
  return `AADSTS${codes[0]}${only === undefined ? '' : `-${only}`}`
}
