import type { Sentences } from '@inforiver-mail/contract/wording'
import { ENTRA_SENTENCES } from './identity/entra-sentences.ts'
import { FAILURE_SENTENCES } from './mailer/failure-sentences.ts'
import { REPORTS_SENTENCES } from './reports/reports-sentences.ts'

/** What follows from an answer of Microsoft, whatever it was. */
const STEPS = {
  quote: 'Microsoft says: “{quote}”',
  'microsoft-code': 'Microsoft’s code is {microsoftCode}.',

  'try-again': 'Try again.',
  'try-again-later': 'Try again in a few minutes.',
  'then-try-again': 'Then try again.',
  'sign-in-again': 'Sign in again.',
  'sign-in-again-later': 'Sign in again in a few minutes.',
  'then-sign-in-again': 'Then sign in again.',
  reconnect:
    'A workspace admin chooses Reconnect and signs in with the same account. Waiting messages then leave by themselves.',
  // What precedes it may ask for another account, so this does not mention one.
  'then-reconnect': 'Then a workspace admin chooses Reconnect and signs in. Waiting messages then leave by themselves.',
  'reconnect-application':
    'A workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
  'then-reconnect-application':
    'Then a workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
  'then-choose-reconnect': 'Then a workspace admin chooses Reconnect. Waiting messages then leave by themselves.',
  'then-retry': 'Then retry the message.',
  'only-by-draft': 'Only messages that go by draft wait, such as those with large attachments; the others leave.',
  'then-sends-one':
    'Mail then goes on by itself: every 15 minutes one of the waiting messages is tried, and at once when a workspace admin chooses Send now at Tenant Settings > Office 365 SMTP. The first that leaves releases the others.',
  'check-registration':
    'Whoever operates Inforiver Mail checks the app registration. Waiting messages then leave by themselves.',
  'connection-kept': 'The connection itself is kept: waiting messages then leave by themselves.',
  'keeps-trying-alone': 'Nobody has to do anything: Inforiver Mail keeps trying.',
  'keeps-trying': 'Inforiver Mail keeps trying.',

  'intercepted.title': 'Something answered in Microsoft’s place',
  intercepted:
    'Something between this server and Microsoft answered in Microsoft’s place, for {host}: HTTP {status} ({contentType}).',
  'intercepted-untyped':
    'Something between this server and Microsoft answered in Microsoft’s place, for {host}: HTTP {status}.',
  'gateway-says': 'It says: “{excerpt}”',
  'check-gateway':
    'Whoever operates Inforiver Mail has to check what the proxy, the firewall or the gateway on the way to https://{host} lets through.',

  'code-page': 'Microsoft’s page about the code says more ({codePage}).',
  'service-status': 'Whether Microsoft has an outage is shown at {serviceStatus}.',
  'sign-in-logs': 'An Entra administrator may find more in the {entra} > Monitoring & health > Sign-in logs.',

  'unexpected.neither-code-nor-error': 'The answer holds neither a code nor an error.',
  'unexpected.neither-consent-nor-error': 'The answer holds neither the consent of an administrator nor an error.',
  'unexpected.another-person': 'Microsoft Graph names another person than the one who signed in.',
  'unexpected.unproved': 'The answer does not prove who signed in.',
  'unexpected.wrong-claim': 'The answer does not prove who signed in: the {claim} of its id_token is wrong.',
  'unexpected.wrong-time':
    'The answer does not prove who signed in: the {claim} of its id_token is wrong. It counts for a time only: check the clock of the machine that Inforiver Mail runs on, which has to be right to five minutes.',
  'check-proxy-again':
    'Try again. If it happens again, whoever operates Inforiver Mail has to check that no proxy answers in place of Microsoft.',
  'entra-unreachable.title': 'Microsoft could not be reached',
  'entra-unreachable.detail': 'Microsoft’s sign-in service did not answer, or the connection to it broke.',
  'check-way-to-microsoft':
    'Try again in a few minutes. If it happens again, whoever operates Inforiver Mail has to check the proxy, the firewall and the certificates on the way to Microsoft.',
  'consent-interrupted.title': 'The consent was interrupted',
  'consent-interrupted.detail': 'Inforiver Mail was stopped, or failed, while it checked what Microsoft had granted.',
  'consent-interrupted.remedy': 'The consent has to be asked for again: try again.',
  'token-file.title': 'There is no valid token for the app',
  'token-file.detail': 'The file of AZURE_FEDERATED_TOKEN_FILE {fault}.',
  'token-file.remedy':
    'Whoever operates Inforiver Mail makes sure that the issuer of the federated credential ({entra} > App registrations > the app of Inforiver Mail > Certificates & secrets > Federated credentials) keeps a fresh token in that file.',
  'wrong-account.guest': 'The account is a guest of the organisation.',
  'wrong-account.other-organisation': 'The account belongs to another organisation than Inforiver Mail.',
  'wrong-account.remedy':
    'Try again with a member account of your own organisation. An Entra administrator sees which those are in the {entra} > Users.',
  'other-account.title': 'This is another account',
  'other-account.detail': '{used} gave consent, but mail is sent with the access of {expected}.',
  'other-account.remedy':
    'Try again and choose {expected}. To send with another account, reconnect the mailbox with it first. An Entra administrator sees the accounts in the {entra} > Users.',
  'permissions-not-granted': 'Sending needs what Microsoft has not granted: {missing}.',
} as const

/** Every sentence in English that explains what Microsoft answered, by name. */
export const SENTENCES: Sentences = { ...ENTRA_SENTENCES, ...FAILURE_SENTENCES, ...REPORTS_SENTENCES, ...STEPS }
