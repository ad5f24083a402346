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

/**
 * Who does what and where. `{approvalLink}` and `{entra}` stand for those pages, and the explainer appends the next
 * step. A consent and a sign-in are explained to the person in front of the page (`toReader`); the end of a connection
 * is explained to everybody else too (`toOthers`). A text that begins with `{again}` already is the next step.
 */
export type Remedy = string | { readonly toReader: string; readonly toOthers: string }

/** What a number after `AADSTS` adds to `error` and `suberror`: better text, and for a consent a better kind. */
export interface EntraCode {
  readonly codes: readonly number[]
  /** Limits the row to one stage, for numbers that mean something else in another. */
  readonly only?: Stage
  /** The pairs `error` or `error+suberror` that Microsoft documents or sends with these numbers. */
  readonly sentWith: readonly string[]
  /** The values of `suberror` that this row explains when the number is unknown or missing. */
  readonly suberrors?: readonly string[]
  readonly actor: Actor
  /** The kind of a refused consent. When a renewal is refused, `error` and `suberror` decide. */
  readonly kind: EntraProblemCode
  readonly title: string
  readonly detail: string
  readonly remedy?: Remedy
}

const APP_REGISTRATION = '{entra} > App registrations > the app of Inforiver Mail'
const ENTERPRISE_APP = '{entra} > Enterprise applications > the app of Inforiver Mail'
const CONDITIONAL_ACCESS = '{entra} > Conditional Access > Policies'
const USER = '{entra} > Users > the account'
const FEDERATED_CREDENTIALS = `${APP_REGISTRATION} > Certificates & secrets > Federated credentials`
export const SIGN_IN_LOGS = '{entra} > Monitoring & health > Sign-in logs'
const APPROVE_ONCE = 'An Entra administrator opens {approvalLink} and approves the permissions once.'
const APPROVE_APP_ONCE = 'An Entra administrator opens {approvalLink} and approves the app once.'

/** Microsoft reports a decline in the same way as a missing administrator approval, so the text covers both. */
export const ACCEPT_OR_APPROVE = {
  toReader:
    '{again} and choose Accept on Microsoft’s page. If you were not offered a choice, an Entra administrator has to open {approvalLink} and approve the permissions first.',
  toOthers:
    'Whoever signs in chooses Accept on Microsoft’s page. If it offers no choice, an Entra administrator opens {approvalLink} and approves the permissions once.',
} as const satisfies Remedy

export const USE_MEMBER_ACCOUNT = {
  toReader: '{again} and choose a member account of your own organisation on Microsoft’s page.',
  toOthers: 'Whoever signs in chooses a member account of your own organisation on Microsoft’s page.',
} as const satisfies Remedy

/** The person cancelled, or the page offered nothing but Cancel. */
export const NOT_SIGNED_IN = {
  kind: 'consent-cancelled',
  title: 'You did not sign in',
  detail: 'Microsoft’s page was left before the sign-in was complete.',
  remedy:
    '{again}. If Microsoft’s page asked for the approval of an administrator, an Entra administrator has to open {approvalLink} and approve the app first.',
} as const satisfies Partial<EntraCode>

/**
 * The only list of AADSTS numbers: the explainer, the tests and docs/microsoft-codes.md read it. The first row that
 * holds a number and fits the stage counts. A row of kind `microsoft-unavailable` never ends a connection, whatever
 * `error` comes with it.
 *
 * Source: Microsoft identity platform, "Authentication and authorization error codes". Microsoft documents few pairs
 * of number and `error`; where several are plausible, `sentWith` lists them all.
 */
export const ENTRA_CODES: readonly EntraCode[] = [
  // The connection ended
  {
    codes: [700082, 70008],
    only: 'renewal',
    sentWith: ['invalid_grant', 'invalid_grant+token_expired'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'The connection ran out',
    detail: 'Microsoft ended the connection because it was not used for 90 days.',
  },
  {
    codes: [700084],
    sentWith: ['invalid_grant'],
    actor: 'operator',
    kind: 'microsoft-refused',
    title: 'The connection ran out after 24 hours',
    detail: 'The redirect URI is registered for a single-page application, and such connections last 24 hours.',
    remedy: `Whoever operates the app registration moves the redirect URI to the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  },
  {
    codes: [70043],
    sentWith: ['invalid_grant', 'invalid_grant+bad_token'],
    actor: 'entra-administrator',
    kind: 'microsoft-refused',
    title: 'A sign-in frequency policy ended the connection',
    detail:
      'Your organisation’s sign-in frequency policy asks for a new sign-in, and will do so each time its period is over.',
    remedy: `To make it last, an Entra administrator excludes the account or the app from the policy in the ${CONDITIONAL_ACCESS} > the policy > Session > Sign-in frequency.`,
  },
  {
    codes: [50173],
    sentWith: ['invalid_grant', 'invalid_grant+bad_token', 'interaction_required'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'The connection was revoked',
    detail: 'An administrator reset the password of the account or revoked its sessions.',
  },
  {
    codes: [50132, 50133],
    sentWith: ['invalid_grant', 'invalid_grant+bad_token'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'The password of the account was changed',
    detail: 'Microsoft ended the connection when the password was changed.',
  },
  {
    codes: [70000],
    sentWith: ['invalid_grant', 'invalid_grant+bad_token'],
    suberrors: ['bad_token'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'Microsoft does not accept the tokens any more',
    detail: 'The stored token is no longer valid.',
  },

  // The account
  {
    codes: [50057],
    sentWith: ['invalid_grant', 'access_denied'],
    actor: 'entra-administrator',
    kind: 'access-blocked',
    title: 'The account is disabled',
    detail: 'The account that was used is disabled in Entra.',
    remedy: `An Entra administrator enables it in the ${USER} > Account status. Or use another account.`,
  },
  {
    codes: [50034],
    only: 'renewal',
    sentWith: ['invalid_grant', 'access_denied'],
    actor: 'entra-administrator',
    kind: 'wrong-account',
    title: 'The account is gone',
    detail: 'Entra does not find the account whose access was used: it was deleted or moved.',
    remedy:
      'An Entra administrator restores it in the {entra} > Users > Deleted users, within 30 days. Or use another member account of your own organisation.',
  },
  {
    codes: [50034],
    sentWith: ['invalid_grant', 'access_denied', 'invalid_request'],
    actor: 'person',
    kind: 'wrong-account',
    title: 'The account does not exist here',
    detail: 'Entra does not find this account in the organisation.',
    remedy: USE_MEMBER_ACCOUNT,
  },
  {
    codes: [50053],
    sentWith: ['invalid_grant', 'access_denied'],
    actor: 'entra-administrator',
    kind: 'access-blocked',
    title: 'The account is locked',
    detail: 'Entra locked the account after too many failed sign-ins, or because of where they came from.',
    remedy: `The owner of the account waits until the lock is over, or an Entra administrator looks for its cause in the ${USER} > Sign-in logs.`,
  },
  {
    codes: [50055],
    sentWith: ['invalid_grant'],
    suberrors: ['user_password_expired'],
    actor: 'person',
    kind: 'access-blocked',
    title: 'The password of the account has expired',
    detail: 'The password of the account has to be changed first.',
    remedy: 'The owner of the account signs in to Microsoft 365 and changes the password.',
  },
  {
    codes: [50020],
    sentWith: ['access_denied'],
    actor: 'person',
    kind: 'wrong-account',
    title: 'The account belongs to another organisation',
    detail: 'The account is not a member of the organisation that Inforiver Mail is registered in.',
    remedy: USE_MEMBER_ACCOUNT,
  },
  {
    codes: [50105],
    sentWith: ['interaction_required', 'access_denied'],
    actor: 'entra-administrator',
    kind: 'wrong-account',
    title: 'The account may not use the app',
    detail: 'The app admits only people who are assigned to it, and the account is not.',
    remedy: `An Entra administrator assigns the account in the ${ENTERPRISE_APP} > Users and groups.`,
  },

  // Consent
  {
    codes: [65001],
    only: 'sign-in',
    sentWith: ['consent_required', 'interaction_required', 'invalid_grant+consent_required', 'invalid_grant'],
    suberrors: ['consent_required'],
    actor: 'entra-administrator',
    kind: 'permission-missing',
    title: 'The app is not approved yet',
    detail: 'Nobody has approved that people of your organisation sign in to the app, or the approval was withdrawn.',
    remedy: APPROVE_APP_ONCE,
  },
  {
    codes: [65004],
    only: 'sign-in',
    sentWith: ['access_denied', 'consent_required'],
    suberrors: ['cancel'],
    actor: 'entra-administrator',
    ...NOT_SIGNED_IN,
  },
  {
    codes: [90094],
    only: 'sign-in',
    sentWith: ['access_denied', 'consent_required', 'interaction_required'],
    actor: 'entra-administrator',
    kind: 'admin-approval-required',
    title: 'An administrator has to approve',
    detail: 'Your organisation lets people sign in only to an app that an administrator has approved.',
    remedy: APPROVE_APP_ONCE,
  },
  {
    codes: [65001],
    sentWith: ['consent_required', 'interaction_required', 'invalid_grant+consent_required', 'invalid_grant'],
    suberrors: ['consent_required'],
    actor: 'entra-administrator',
    kind: 'permission-missing',
    title: 'The consent is missing',
    detail: 'Nobody has consented to the permissions, or the consent was withdrawn in Entra.',
    remedy: ACCEPT_OR_APPROVE,
  },
  {
    codes: [65004],
    sentWith: ['access_denied', 'consent_required'],
    suberrors: ['cancel'],
    actor: 'entra-administrator',
    kind: 'consent-cancelled',
    title: 'The consent was not completed',
    detail: 'The permissions were not accepted on Microsoft’s page.',
    remedy: ACCEPT_OR_APPROVE,
  },
  {
    codes: [90094],
    sentWith: ['access_denied', 'consent_required', 'interaction_required'],
    actor: 'entra-administrator',
    kind: 'admin-approval-required',
    title: 'An administrator has to approve',
    detail: 'Your organisation lets only administrators approve these permissions.',
    remedy: APPROVE_ONCE,
  },
  {
    codes: [90095],
    sentWith: ['access_denied', 'consent_required'],
    actor: 'entra-administrator',
    kind: 'admin-approval-required',
    title: 'The approval of an administrator was requested',
    detail: 'Your request for approval waits at the administrators of your organisation.',
    remedy: `An Entra administrator grants it in the ${ENTERPRISE_APP} > Admin consent requests, or opens {approvalLink} and approves the permissions there.`,
  },

  // Multifactor authentication and policies
  {
    codes: [50074, 50076, 50078],
    sentWith: [
      'interaction_required',
      'invalid_grant',
      'invalid_grant+basic_action',
      'invalid_grant+additional_action',
    ],
    suberrors: ['basic_action'],
    actor: 'person',
    kind: 'access-blocked',
    title: 'Multifactor authentication is required',
    detail: 'Microsoft asks for a second factor, which only a new sign-in can give.',
    remedy: {
      toReader: '{again} with the second factor at hand, and complete it on Microsoft’s page.',
      toOthers: 'Whoever signs in has the second factor at hand and completes it.',
    },
  },
  {
    codes: [50072, 50079],
    sentWith: [
      'interaction_required',
      'invalid_grant',
      'invalid_grant+basic_action',
      'invalid_grant+additional_action',
    ],
    suberrors: ['additional_action'],
    actor: 'person',
    kind: 'access-blocked',
    title: 'The account has no second factor yet',
    detail: 'Your organisation requires multifactor authentication, and the account has not been enrolled.',
    remedy: 'The owner of the account enrols it at https://aka.ms/mfasetup first.',
  },
  {
    codes: [53000, 53001],
    sentWith: ['invalid_grant', 'invalid_grant+message_only', 'access_denied'],
    actor: 'entra-administrator',
    kind: 'access-blocked',
    title: 'A policy requires a managed device',
    detail: 'A Conditional Access policy admits only compliant or joined devices.',
    remedy: {
      toReader: `{again} on such a device, or have an Entra administrator exclude the app from the policy in the ${CONDITIONAL_ACCESS}.`,
      toOthers: `Whoever signs in does so on such a device, or an Entra administrator excludes the app from the policy in the ${CONDITIONAL_ACCESS}.`,
    },
  },
  {
    codes: [53002, 53003, 53004, 53010, 53011, 530032, 530034],
    sentWith: ['invalid_grant', 'invalid_grant+message_only', 'access_denied', 'interaction_required'],
    suberrors: ['message_only'],
    actor: 'entra-administrator',
    kind: 'access-blocked',
    title: 'A policy blocked the sign-in',
    detail: 'A Conditional Access policy, or a risk that Entra sees in the account, blocked it.',
    remedy: `An Entra administrator finds out which in the ${SIGN_IN_LOGS}, and changes it there at Conditional Access > Policies.`,
  },
  {
    codes: [530035],
    sentWith: ['invalid_grant+message_only', 'access_denied'],
    actor: 'entra-administrator',
    kind: 'access-blocked',
    title: 'Security defaults blocked the sign-in',
    detail: 'The security defaults of your organisation blocked it.',
    remedy: 'An Entra administrator checks the {entra} > Overview > Properties > Manage security defaults.',
  },
  {
    codes: [50131, 50158],
    sentWith: ['interaction_required', 'invalid_grant'],
    actor: 'person',
    kind: 'access-blocked',
    title: 'A further check is required',
    detail: 'Your organisation requires a further check at the sign-in, which was not passed.',
    remedy: {
      toReader: '{again} and pass every step that Microsoft shows.',
      toOthers: 'Whoever signs in passes every step that Microsoft shows.',
    },
  },

  // The app registration
  {
    codes: [7000215],
    sentWith: ['invalid_client', 'unauthorized_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The client secret is wrong',
    detail:
      'Microsoft does not accept the value of AZURE_CLIENT_SECRET. Often the ID of the secret was pasted in place of its value.',
    remedy: `Whoever operates Inforiver Mail creates a new secret in the ${APP_REGISTRATION} > Certificates & secrets, copies the column Value (not Secret ID) into AZURE_CLIENT_SECRET, and restarts or reloads it.`,
  },
  {
    codes: [7000222],
    sentWith: ['invalid_client', 'unauthorized_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The client secret has expired',
    detail: 'The secret in AZURE_CLIENT_SECRET has run out.',
    remedy: `Whoever operates Inforiver Mail creates a new secret in the ${APP_REGISTRATION} > Certificates & secrets, copies its value into AZURE_CLIENT_SECRET, and restarts or reloads it.`,
  },
  {
    codes: [700027, 50012, 700030],
    sentWith: ['invalid_client', 'invalid_request'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The certificate of the app is not accepted',
    detail:
      'Microsoft does not accept the certificate of AZURE_CLIENT_CERTIFICATE_PATH: it is not registered, it has expired, or its private key is another’s.',
    remedy: `Whoever operates Inforiver Mail compares its thumbprint and dates with the ${APP_REGISTRATION} > Certificates & secrets > Certificates, uploads it there if need be, and restarts or reloads Inforiver Mail.`,
  },
  {
    codes: [700024],
    sentWith: ['invalid_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The clock of this machine is wrong',
    detail:
      'What Inforiver Mail signed with its certificate, or the token of its federated credential, counts for a time only, and Microsoft’s clock is beyond it.',
    remedy: 'Whoever operates Inforiver Mail sets the clock of its machine, best by NTP.',
  },
  {
    codes: [50027, 700021, 700023],
    sentWith: ['invalid_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'What was signed with the certificate is not accepted',
    detail: 'Microsoft reads the proof of Inforiver Mail as one for another app or another sign-in service.',
    remedy:
      'Whoever operates Inforiver Mail checks AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_AUTHORITY_HOST, and that no proxy changes requests to Microsoft.',
  },
  {
    codes: [70021, 700211, 700212, 700213, 7002138],
    sentWith: ['invalid_request', 'invalid_client', 'unauthorized_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'No federated credential of the app fits the token',
    detail:
      'Entra finds no federated credential with the issuer, subject and audience of the token in AZURE_FEDERATED_TOKEN_FILE. A new one counts only after some minutes.',
    remedy: `Whoever operates Inforiver Mail compares the three, letter by letter, with the ${FEDERATED_CREDENTIALS}.`,
  },
  {
    codes: [1002012],
    sentWith: ['invalid_scope'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The address of Graph does not fit',
    detail: 'Microsoft does not know GRAPH_BASE_URL as a service that an application can have a token for.',
    remedy:
      'Whoever operates Inforiver Mail sets M365_CLOUD to the cloud of the organisation, and unsets GRAPH_BASE_URL and AZURE_AUTHORITY_HOST.',
  },
  {
    codes: [7000218, 700025],
    sentWith: ['invalid_client', 'invalid_request'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The app is registered as the wrong kind',
    detail:
      'The redirect URI is not registered under the platform Web, so that Microsoft does not expect a client secret.',
    remedy: `Whoever operates the app registration moves it to the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  },
  {
    codes: [700016, 70001],
    sentWith: ['unauthorized_client', 'invalid_client', 'invalid_request'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The app is not known in this organisation',
    detail: 'Entra does not find the app registration of AZURE_CLIENT_ID in the organisation of AZURE_TENANT_ID.',
    remedy: `Whoever operates Inforiver Mail compares both with the ${APP_REGISTRATION} > Overview.`,
  },
  {
    codes: [7000112],
    sentWith: ['unauthorized_client', 'invalid_client'],
    actor: 'entra-administrator',
    kind: 'app-misconfigured',
    title: 'The app is disabled',
    detail: 'An administrator has disabled the app in Entra.',
    remedy: `An Entra administrator enables it in the ${ENTERPRISE_APP} > Properties > Enabled for users to sign-in.`,
  },
  {
    codes: [50011],
    sentWith: ['invalid_request', 'invalid_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The redirect URI is not registered',
    detail: 'The redirect URI that Inforiver Mail uses is not registered with the app.',
    remedy: `Whoever operates the app registration adds it, exactly as Inforiver Mail prints it at its start, under the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  },
  {
    codes: [90002, 90019, 50059],
    sentWith: ['invalid_request'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The organisation is not known',
    detail: 'Entra does not find the organisation of AZURE_TENANT_ID in this cloud.',
    remedy:
      'Whoever operates Inforiver Mail compares it with the {entra} > Overview > Tenant ID, and M365_CLOUD with the cloud of the organisation.',
  },
  {
    codes: [90038, 900382, 900432],
    sentWith: ['invalid_request'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The organisation belongs to another cloud',
    detail: 'The organisation, or the app registration, is in another Microsoft cloud than the one that was asked.',
    remedy:
      'Whoever operates Inforiver Mail sets M365_CLOUD to that cloud; it needs a database of its own (DATABASE_URL or DATA_DIR).',
  },
  {
    codes: [50194, 9001023, 9002332],
    sentWith: ['invalid_request'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'AZURE_TENANT_ID does not name one organisation',
    detail: 'The app is registered for one organisation and has to be used with that one’s id.',
    remedy: 'Whoever operates Inforiver Mail sets AZURE_TENANT_ID to the value in the {entra} > Overview > Tenant ID.',
  },
  {
    codes: [500011, 650052],
    sentWith: ['invalid_resource', 'invalid_client', 'invalid_request'],
    actor: 'entra-administrator',
    kind: 'app-misconfigured',
    title: 'Microsoft Graph is not available in this organisation',
    detail:
      'The organisation has no subscription that includes Microsoft Graph mail, or its service principal is missing or disabled.',
    remedy:
      'An Entra administrator checks the {entra} > Enterprise applications > Microsoft Graph, and that the organisation has Exchange Online.',
  },
  {
    codes: [650057, 65005],
    sentWith: ['invalid_resource', 'invalid_client'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'A permission is missing from the app registration',
    detail: 'The app registration does not list the Microsoft Graph permissions that are asked for.',
    remedy: `Whoever operates the app registration adds Mail.Send, Mail.Send.Shared, Mail.ReadWrite and User.Read as delegated permissions in the ${APP_REGISTRATION} > API permissions.`,
  },
  {
    codes: [700054],
    sentWith: ['unsupported_response_type'],
    actor: 'operator',
    kind: 'app-misconfigured',
    title: 'The app registration does not allow this kind of sign-in',
    detail: 'Microsoft was asked for an answer that the app registration does not allow.',
    remedy: `Whoever operates the app registration checks the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  },
  {
    codes: [70011, 700022, 28000, 28002, 28003, 900144, 900561, 90014, 9002313, 50147, 501491],
    sentWith: ['invalid_scope', 'invalid_request'],
    actor: 'support',
    kind: 'app-misconfigured',
    title: 'Microsoft did not understand the request',
    detail:
      'Microsoft refused the form of the request. That is a fault of Inforiver Mail or of a proxy that changes requests.',
    remedy: 'Whoever operates Inforiver Mail reports it to the support of Inforiver, with the correlation id.',
  },

  // The authorization code
  {
    codes: [54005],
    sentWith: ['invalid_grant'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'This sign-in was completed before',
    detail: 'The code that Microsoft gave was used already.',
  },
  {
    codes: [70008, 700082],
    only: 'consent',
    sentWith: ['invalid_grant'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'The sign-in took too long',
    detail: 'The code that Microsoft gave had run out.',
  },
  {
    codes: [501481, 700005],
    sentWith: ['invalid_grant'],
    actor: 'person',
    kind: 'microsoft-refused',
    title: 'The sign-in does not belong together',
    detail: 'The code that Microsoft gave belongs to another sign-in.',
  },

  // Outages and throttling
  {
    codes: [50196],
    sentWith: ['invalid_grant', 'temporarily_unavailable', 'invalid_request'],
    actor: 'nobody',
    kind: 'microsoft-unavailable',
    title: 'Microsoft slowed the app down',
    detail: 'Microsoft saw too many identical requests and refuses more for a while.',
  },
  {
    codes: [90033, 90006, 90012, 90024, 90055, 50033, 90090],
    sentWith: ['temporarily_unavailable', 'server_error', 'invalid_grant', 'invalid_request'],
    actor: 'nobody',
    kind: 'microsoft-unavailable',
    title: 'Microsoft is busy or out of order',
    detail: 'Microsoft’s sign-in service cannot answer at the moment.',
  },
]
