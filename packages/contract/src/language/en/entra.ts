import type { Sentences } from '../../wording.ts'

const APP_REGISTRATION = '{entra} > App registrations > the app of Inforiver Mail'
const ENTERPRISE_APP = '{entra} > Enterprise applications > the app of Inforiver Mail'
const CONDITIONAL_ACCESS = '{entra} > Conditional Access > Policies'
const USER = '{entra} > Users > the account'
const FEDERATED_CREDENTIALS = `${APP_REGISTRATION} > Certificates & secrets > Federated credentials`
const SIGN_IN_LOGS = '{entra} > Monitoring & health > Sign-in logs'
const APPROVE_ONCE = 'An Entra administrator opens {approvalLink} and approves the permissions once.'
const APPROVE_APP_ONCE = 'An Entra administrator opens {approvalLink} and approves the app once.'
const ACCEPT_OR_APPROVE =
  '{again} and choose Accept on Microsoft’s page. If you were not offered a choice, an Entra administrator has to open {approvalLink} and approve the permissions first.'
const OTHERS_ACCEPT_OR_APPROVE =
  'Whoever signs in chooses Accept on Microsoft’s page. If it offers no choice, an Entra administrator opens {approvalLink} and approves the permissions once.'
const USE_MEMBER_ACCOUNT = '{again} and choose a member account of your own organisation on Microsoft’s page.'
const OTHERS_USE_MEMBER_ACCOUNT =
  'Whoever signs in chooses a member account of your own organisation on Microsoft’s page.'

/** What Entra's refusals mean, and who does what about it. `{approvalLink}` and `{entra}` stand for those pages. A remedy that begins with `{again}` is the whole action; others are followed by the next step. `-reader` is for the person in front of the page, `-others` for everybody else, when a connection ended. */
export const entra = {
  // The connection ended
  'AADSTS700082-renewal.title': 'The connection ran out',
  'AADSTS700082-renewal.detail': 'Microsoft ended the connection because it was not used for 90 days.',
  'AADSTS700084.title': 'The connection ran out after 24 hours',
  'AADSTS700084.detail':
    'The redirect URI is registered for a single-page application, and such connections last 24 hours.',
  'AADSTS700084.remedy': `Whoever operates the app registration moves the redirect URI to the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  'AADSTS70043.title': 'A sign-in frequency policy ended the connection',
  'AADSTS70043.detail':
    'Your organisation’s sign-in frequency policy asks for a new sign-in, and will do so each time its period is over.',
  'AADSTS70043.remedy': `To make it last, an Entra administrator excludes the account or the app from the policy in the ${CONDITIONAL_ACCESS} > the policy > Session > Sign-in frequency.`,
  'AADSTS50173.title': 'The connection was revoked',
  'AADSTS50173.detail': 'An administrator reset the password of the account or revoked its sessions.',
  'AADSTS50132.title': 'The password of the account was changed',
  'AADSTS50132.detail': 'Microsoft ended the connection when the password was changed.',
  'AADSTS70000.title': 'Microsoft does not accept the tokens any more',
  'AADSTS70000.detail': 'The stored token is no longer valid.',

  // The account
  'AADSTS50057.title': 'The account is disabled',
  'AADSTS50057.detail': 'The account that was used is disabled in Entra.',
  'AADSTS50057.remedy': `An Entra administrator enables it in the ${USER} > Account status. Or use another account.`,
  'AADSTS50034-renewal.title': 'The account is gone',
  'AADSTS50034-renewal.detail': 'Entra does not find the account whose access was used: it was deleted or moved.',
  'AADSTS50034-renewal.remedy':
    'An Entra administrator restores it in the {entra} > Users > Deleted users, within 30 days. Or use another member account of your own organisation.',
  'AADSTS50034.title': 'The account does not exist here',
  'AADSTS50034.detail': 'Entra does not find this account in the organisation.',
  'AADSTS50034.remedy-reader': USE_MEMBER_ACCOUNT,
  'AADSTS50034.remedy-others': OTHERS_USE_MEMBER_ACCOUNT,
  'AADSTS50053.title': 'The account is locked',
  'AADSTS50053.detail': 'Entra locked the account after too many failed sign-ins, or because of where they came from.',
  'AADSTS50053.remedy': `The owner of the account waits until the lock is over, or an Entra administrator looks for its cause in the ${USER} > Sign-in logs.`,
  'AADSTS50055.title': 'The password of the account has expired',
  'AADSTS50055.detail': 'The password of the account has to be changed first.',
  'AADSTS50055.remedy': 'The owner of the account signs in to Microsoft 365 and changes the password.',
  'AADSTS50020.title': 'The account belongs to another organisation',
  'AADSTS50020.detail': 'The account is not a member of the organisation that Inforiver Mail is registered in.',
  'AADSTS50020.remedy-reader': USE_MEMBER_ACCOUNT,
  'AADSTS50020.remedy-others': OTHERS_USE_MEMBER_ACCOUNT,
  'AADSTS50105.title': 'The account may not use the app',
  'AADSTS50105.detail': 'The app admits only people who are assigned to it, and the account is not.',
  'AADSTS50105.remedy': `An Entra administrator assigns the account in the ${ENTERPRISE_APP} > Users and groups.`,

  // Consent
  'AADSTS65001-sign-in.title': 'The app is not approved yet',
  'AADSTS65001-sign-in.detail':
    'Nobody has approved that people of your organisation sign in to the app, or the approval was withdrawn.',
  'AADSTS65001-sign-in.remedy': APPROVE_APP_ONCE,
  'AADSTS65004-sign-in.title': 'You did not sign in',
  'AADSTS65004-sign-in.detail': 'Microsoft’s page was left before the sign-in was complete.',
  'AADSTS65004-sign-in.remedy':
    '{again}. If Microsoft’s page asked for the approval of an administrator, an Entra administrator has to open {approvalLink} and approve the app first.',
  'AADSTS90094-sign-in.title': 'An administrator has to approve',
  'AADSTS90094-sign-in.detail':
    'Your organisation lets people sign in only to an app that an administrator has approved.',
  'AADSTS90094-sign-in.remedy': APPROVE_APP_ONCE,
  'AADSTS65001.title': 'The consent is missing',
  'AADSTS65001.detail': 'Nobody has consented to the permissions, or the consent was withdrawn in Entra.',
  'AADSTS65001.remedy-reader': ACCEPT_OR_APPROVE,
  'AADSTS65001.remedy-others': OTHERS_ACCEPT_OR_APPROVE,
  'AADSTS65004.title': 'The consent was not completed',
  'AADSTS65004.detail': 'The permissions were not accepted on Microsoft’s page.',
  'AADSTS65004.remedy-reader': ACCEPT_OR_APPROVE,
  'AADSTS65004.remedy-others': OTHERS_ACCEPT_OR_APPROVE,
  'AADSTS90094.title': 'An administrator has to approve',
  'AADSTS90094.detail': 'Your organisation lets only administrators approve these permissions.',
  'AADSTS90094.remedy': APPROVE_ONCE,
  'AADSTS90095.title': 'The approval of an administrator was requested',
  'AADSTS90095.detail': 'Your request for approval waits at the administrators of your organisation.',
  'AADSTS90095.remedy': `An Entra administrator grants it in the ${ENTERPRISE_APP} > Admin consent requests, or opens {approvalLink} and approves the permissions there.`,

  // Multifactor authentication and policies
  'AADSTS50074.title': 'Multifactor authentication is required',
  'AADSTS50074.detail': 'Microsoft asks for a second factor, which only a new sign-in can give.',
  'AADSTS50074.remedy-reader': '{again} with the second factor at hand, and complete it on Microsoft’s page.',
  'AADSTS50074.remedy-others': 'Whoever signs in has the second factor at hand and completes it.',
  'AADSTS50072.title': 'The account has no second factor yet',
  'AADSTS50072.detail': 'Your organisation requires multifactor authentication, and the account has not been enrolled.',
  'AADSTS50072.remedy': 'The owner of the account enrols it at https://aka.ms/mfasetup first.',
  'AADSTS53000.title': 'A policy requires a managed device',
  'AADSTS53000.detail': 'A Conditional Access policy admits only compliant or joined devices.',
  'AADSTS53000.remedy-reader': `{again} on such a device, or have an Entra administrator exclude the app from the policy in the ${CONDITIONAL_ACCESS}.`,
  'AADSTS53000.remedy-others': `Whoever signs in does so on such a device, or an Entra administrator excludes the app from the policy in the ${CONDITIONAL_ACCESS}.`,
  'AADSTS53002.title': 'A policy blocked the sign-in',
  'AADSTS53002.detail': 'A Conditional Access policy, or a risk that Entra sees in the account, blocked it.',
  'AADSTS53002.remedy': `An Entra administrator finds out which in the ${SIGN_IN_LOGS}, and changes it there at Conditional Access > Policies.`,
  'AADSTS530035.title': 'Security defaults blocked the sign-in',
  'AADSTS530035.detail': 'The security defaults of your organisation blocked it.',
  'AADSTS530035.remedy':
    'An Entra administrator checks the {entra} > Overview > Properties > Manage security defaults.',
  'AADSTS50131.title': 'A further check is required',
  'AADSTS50131.detail': 'Your organisation requires a further check at the sign-in, which was not passed.',
  'AADSTS50131.remedy-reader': '{again} and pass every step that Microsoft shows.',
  'AADSTS50131.remedy-others': 'Whoever signs in passes every step that Microsoft shows.',

  // The app registration
  'AADSTS7000215.title': 'The client secret is wrong',
  'AADSTS7000215.detail':
    'Microsoft does not accept the value of AZURE_CLIENT_SECRET. Often the ID of the secret was pasted in place of its value.',
  'AADSTS7000215.remedy': `Whoever operates Inforiver Mail creates a new secret in the ${APP_REGISTRATION} > Certificates & secrets, copies the column Value (not Secret ID) into AZURE_CLIENT_SECRET, and restarts or reloads it.`,
  'AADSTS7000222.title': 'The client secret has expired',
  'AADSTS7000222.detail': 'The secret in AZURE_CLIENT_SECRET has run out.',
  'AADSTS7000222.remedy': `Whoever operates Inforiver Mail creates a new secret in the ${APP_REGISTRATION} > Certificates & secrets, copies its value into AZURE_CLIENT_SECRET, and restarts or reloads it.`,
  'AADSTS700027.title': 'The certificate of the app is not accepted',
  'AADSTS700027.detail':
    'Microsoft does not accept the certificate of AZURE_CLIENT_CERTIFICATE_PATH: it is not registered, it has expired, or its private key is another’s.',
  'AADSTS700027.remedy': `Whoever operates Inforiver Mail compares its thumbprint and dates with the ${APP_REGISTRATION} > Certificates & secrets > Certificates, uploads it there if need be, and restarts or reloads Inforiver Mail.`,
  'AADSTS700024.title': 'The clock of this machine is wrong',
  'AADSTS700024.detail':
    'What Inforiver Mail signed with its certificate, or the token of its federated credential, counts for a time only, and Microsoft’s clock is beyond it.',
  'AADSTS700024.remedy': 'Whoever operates Inforiver Mail sets the clock of its machine, best by NTP.',
  'AADSTS50027.title': 'What was signed with the certificate is not accepted',
  'AADSTS50027.detail':
    'Microsoft reads the proof of Inforiver Mail as one for another app or another sign-in service.',
  'AADSTS50027.remedy':
    'Whoever operates Inforiver Mail checks AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_AUTHORITY_HOST, and that no proxy changes requests to Microsoft.',
  'AADSTS70021.title': 'No federated credential of the app fits the token',
  'AADSTS70021.detail':
    'Entra finds no federated credential with the issuer, subject and audience of the token in AZURE_FEDERATED_TOKEN_FILE. A new one counts only after some minutes.',
  'AADSTS70021.remedy': `Whoever operates Inforiver Mail compares the three, letter by letter, with the ${FEDERATED_CREDENTIALS}.`,
  'AADSTS1002012.title': 'The address of Graph does not fit',
  'AADSTS1002012.detail':
    'Microsoft does not know GRAPH_BASE_URL as a service that an application can have a token for.',
  'AADSTS1002012.remedy':
    'Whoever operates Inforiver Mail sets M365_CLOUD to the cloud of the organisation, and unsets GRAPH_BASE_URL and AZURE_AUTHORITY_HOST.',
  'AADSTS7000218.title': 'The app is registered as the wrong kind',
  'AADSTS7000218.detail':
    'The redirect URI is not registered under the platform Web, so that Microsoft does not expect a client secret.',
  'AADSTS7000218.remedy': `Whoever operates the app registration moves it to the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  'AADSTS700016.title': 'The app is not known in this organisation',
  'AADSTS700016.detail':
    'Entra does not find the app registration of AZURE_CLIENT_ID in the organisation of AZURE_TENANT_ID.',
  'AADSTS700016.remedy': `Whoever operates Inforiver Mail compares both with the ${APP_REGISTRATION} > Overview.`,
  'AADSTS7000112.title': 'The app is disabled',
  'AADSTS7000112.detail': 'An administrator has disabled the app in Entra.',
  'AADSTS7000112.remedy': `An Entra administrator enables it in the ${ENTERPRISE_APP} > Properties > Enabled for users to sign-in.`,
  'AADSTS50011.title': 'The redirect URI is not registered',
  'AADSTS50011.detail': 'The redirect URI that Inforiver Mail uses is not registered with the app.',
  'AADSTS50011.remedy': `Whoever operates the app registration adds it, exactly as Inforiver Mail prints it at its start, under the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  'AADSTS90002.title': 'The organisation is not known',
  'AADSTS90002.detail': 'Entra does not find the organisation of AZURE_TENANT_ID in this cloud.',
  'AADSTS90002.remedy':
    'Whoever operates Inforiver Mail compares it with the {entra} > Overview > Tenant ID, and M365_CLOUD with the cloud of the organisation.',
  'AADSTS90038.title': 'The organisation belongs to another cloud',
  'AADSTS90038.detail':
    'The organisation, or the app registration, is in another Microsoft cloud than the one that was asked.',
  'AADSTS90038.remedy':
    'Whoever operates Inforiver Mail sets M365_CLOUD to that cloud; it needs a database of its own (DATABASE_URL or DATA_DIR).',
  'AADSTS50194.title': 'AZURE_TENANT_ID does not name one organisation',
  'AADSTS50194.detail': 'The app is registered for one organisation and has to be used with that one’s id.',
  'AADSTS50194.remedy':
    'Whoever operates Inforiver Mail sets AZURE_TENANT_ID to the value in the {entra} > Overview > Tenant ID.',
  'AADSTS500011.title': 'Microsoft Graph is not available in this organisation',
  'AADSTS500011.detail':
    'The organisation has no subscription that includes Microsoft Graph mail, or its service principal is missing or disabled.',
  'AADSTS500011.remedy':
    'An Entra administrator checks the {entra} > Enterprise applications > Microsoft Graph, and that the organisation has Exchange Online.',
  'AADSTS650057.title': 'A permission is missing from the app registration',
  'AADSTS650057.detail': 'The app registration does not list the Microsoft Graph permissions that are asked for.',
  'AADSTS650057.remedy': `Whoever operates the app registration adds Mail.Send, Mail.Send.Shared, Mail.ReadWrite and User.Read as delegated permissions in the ${APP_REGISTRATION} > API permissions.`,
  'AADSTS700054.title': 'The app registration does not allow this kind of sign-in',
  'AADSTS700054.detail': 'Microsoft was asked for an answer that the app registration does not allow.',
  'AADSTS700054.remedy': `Whoever operates the app registration checks the platform Web in the ${APP_REGISTRATION} > Authentication.`,
  'AADSTS70011.title': 'Microsoft did not understand the request',
  'AADSTS70011.detail':
    'Microsoft refused the form of the request. That is a fault of Inforiver Mail or of a proxy that changes requests.',
  'AADSTS70011.remedy':
    'Whoever operates Inforiver Mail reports it to the support of Inforiver, with the correlation id.',

  // The authorization code
  'AADSTS54005.title': 'This sign-in was completed before',
  'AADSTS54005.detail': 'The code that Microsoft gave was used already.',
  'AADSTS70008-consent.title': 'The sign-in took too long',
  'AADSTS70008-consent.detail': 'The code that Microsoft gave had run out.',
  'AADSTS501481.title': 'The sign-in does not belong together',
  'AADSTS501481.detail': 'The code that Microsoft gave belongs to another sign-in.',

  // Outages and throttling
  'AADSTS50196.title': 'Microsoft slowed the app down',
  'AADSTS50196.detail': 'Microsoft saw too many identical requests and refuses more for a while.',
  'AADSTS90033.title': 'Microsoft is busy or out of order',
  'AADSTS90033.detail': 'Microsoft’s sign-in service cannot answer at the moment.',

  // What no row of the codes explains
  'entra-not-signed-in.title': 'You did not sign in',
  'entra-not-signed-in.detail': 'Microsoft’s page was left before the sign-in was complete.',
  'entra-not-signed-in.remedy':
    '{again}. If Microsoft’s page asked for the approval of an administrator, an Entra administrator has to open {approvalLink} and approve the app first.',
  'entra-consent-cancelled.title': 'The consent was not completed',
  'entra-consent-cancelled.detail': 'Microsoft’s page was left without the permissions being accepted.',
  'entra-consent-cancelled.remedy-reader': ACCEPT_OR_APPROVE,
  'entra-consent-cancelled.remedy-others': OTHERS_ACCEPT_OR_APPROVE,
  'entra-admin-approval-required.title': 'An administrator has to approve',
  'entra-admin-approval-required.detail': 'Your organisation lets only administrators approve these permissions.',
  'entra-admin-approval-required.remedy-reader': ACCEPT_OR_APPROVE,
  'entra-admin-approval-required.remedy-others': OTHERS_ACCEPT_OR_APPROVE,
  'entra-wrong-account.title': 'This account cannot be used',
  'entra-wrong-account.detail': 'Microsoft does not let this account use the app.',
  'entra-wrong-account.remedy-reader': USE_MEMBER_ACCOUNT,
  'entra-wrong-account.remedy-others': OTHERS_USE_MEMBER_ACCOUNT,
  'entra-permission-missing.title': 'A permission is missing',
  'entra-permission-missing.detail': 'Nobody has consented to the permissions that sending needs.',
  'entra-permission-missing.remedy-reader': ACCEPT_OR_APPROVE,
  'entra-permission-missing.remedy-others': OTHERS_ACCEPT_OR_APPROVE,
  'entra-access-blocked.title': 'Microsoft stopped the sign-in',
  'entra-access-blocked.detail': 'A policy, or a step of the sign-in that was left out, stopped it.',
  'entra-access-blocked.remedy': `An Entra administrator finds the reason in the ${SIGN_IN_LOGS}.`,
  'entra-app-misconfigured.title': 'The app registration does not fit',
  'entra-app-misconfigured.detail':
    'Microsoft does not accept the app registration, or what Inforiver Mail asks of it.',
  'entra-app-misconfigured.remedy':
    'Whoever operates Inforiver Mail compares AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret, certificate or federated credential with the {entra} > App registrations.',
  'entra-microsoft-unavailable.title': 'Microsoft is busy or out of order',
  'entra-microsoft-unavailable.detail': 'Microsoft’s sign-in service cannot answer at the moment.',
  'entra-microsoft-refused.title': 'Microsoft refused',
  'entra-microsoft-refused.detail': 'Microsoft did not complete the sign-in.',
  'entra-unexpected-answer.title': 'Unexpected response from Microsoft',
  'entra-unexpected-answer.detail': 'The answer held neither tokens nor an error.',
  'entra-unexpected-answer.remedy':
    'Whoever operates Inforiver Mail checks that no proxy answers in place of Microsoft.',
  'entra-reconnect-required.title': 'The connection has to be made again',
  'entra-reconnect-required.detail': 'Microsoft does not accept the tokens any more.',
} as const satisfies Sentences
