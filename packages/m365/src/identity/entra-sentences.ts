import type { Sentences } from '@inforiver-mail/contract/wording'
import {
  ACCEPT_OR_APPROVE,
  ENTRA_CODES,
  NOT_SIGNED_IN,
  SIGN_IN_LOGS,
  USE_MEMBER_ACCOUNT,
  type EntraCode,
  type EntraProblemCode,
} from './entra-codes.ts'

export type EntraText = Pick<EntraCode, 'title' | 'detail' | 'remedy'>

export const NO_SIGN_IN = 'entra-not-signed-in'

/** The name under which the sentences of a row stand: its first number, and its stage where it is limited to one. */
export function textOf({ codes, only }: Pick<EntraCode, 'codes' | 'only'>): string {
  return `AADSTS${codes[0]}${only === undefined ? '' : `-${only}`}`
}

export type FallbackKind = typeof NO_SIGN_IN | `entra-${EntraProblemCode | 'reconnect-required'}`

/** The texts of refusals that no row of the table explains. */
export const FALLBACKS: Readonly<Record<string, EntraText>> = {
  [NO_SIGN_IN]: NOT_SIGNED_IN,
  'entra-consent-cancelled': {
    title: 'The consent was not completed',
    detail: 'Microsoft’s page was left without the permissions being accepted.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'entra-admin-approval-required': {
    title: 'An administrator has to approve',
    detail: 'Your organisation lets only administrators approve these permissions.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'entra-wrong-account': {
    title: 'This account cannot be used',
    detail: 'Microsoft does not let this account use the app.',
    remedy: USE_MEMBER_ACCOUNT,
  },
  'entra-permission-missing': {
    title: 'A permission is missing',
    detail: 'Nobody has consented to the permissions that sending needs.',
    remedy: ACCEPT_OR_APPROVE,
  },
  'entra-access-blocked': {
    title: 'Microsoft stopped the sign-in',
    detail: 'A policy, or a step of the sign-in that was left out, stopped it.',
    remedy: `An Entra administrator finds the reason in the ${SIGN_IN_LOGS}.`,
  },
  'entra-app-misconfigured': {
    title: 'The app registration does not fit',
    detail: 'Microsoft does not accept the app registration, or what Inforiver Mail asks of it.',
    remedy:
      'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or federated credential with the {entra} > App registrations.',
  },
  'entra-microsoft-unavailable': {
    title: 'Microsoft is busy or out of order',
    detail: 'Microsoft’s sign-in service cannot answer at the moment.',
  },
  'entra-microsoft-refused': { title: 'Microsoft refused', detail: 'Microsoft did not complete the sign-in.' },
  'entra-unexpected-answer': {
    title: 'Unexpected response from Microsoft',
    detail: 'The answer held neither tokens nor an error.',
    remedy: 'Whoever operates Inforiver Mail checks that no proxy answers in place of Microsoft.',
  },
  'entra-reconnect-required': {
    title: 'The connection has to be made again',
    detail: 'Microsoft does not accept the tokens any more.',
  },
} satisfies Record<FallbackKind, EntraText>

/** The sentences of every row and fallback. */
export const ENTRA_SENTENCES: Sentences = Object.fromEntries(
  [...ENTRA_CODES.map((row) => [textOf(row), row] as const), ...Object.entries(FALLBACKS)].flatMap(([name, text]) =>
    sentencesOf(name, text),
  ),
)

function sentencesOf(name: string, { title, detail, remedy }: EntraText): [string, string][] {
  return [
    [`${name}.title`, title],
    [`${name}.detail`, detail],
    ...(typeof remedy === 'string' ? ([[`${name}.remedy`, remedy]] satisfies [string, string][]) : []),
    ...(typeof remedy === 'object'
      ? ([
          [`${name}.remedy-reader`, remedy.toReader],
          [`${name}.remedy-others`, remedy.toOthers],
        ] satisfies [string, string][])
      : []),
  ]
}
