import { randomBytes } from 'node:crypto'
import { newSecrets } from '../identity/authorization-secrets.ts'
import { createMicrosoftIdentity } from '../identity/microsoft-identity.ts'
import type { OutgoingMessage } from '../mailer/outgoing-message.ts'
import { createMicrosoftFetch } from '../microsoft-fetch.ts'
import { approvalLinks, redirectUri, registration, signIn } from './sign-in.ts'

const fetch = createMicrosoftFetch({})

/** A message from Ada to Max. */
export const message: OutgoingMessage = {
  id: 'msg_00000000000000000000000000000001',
  from: { address: 'ada@contoso.com' },
  to: [{ address: 'max@contoso.com', name: 'Max Member' }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Größe 📈',
  html: '<p>Hello</p>',
  text: null,
  attachments: [],
  headers: {},
  importance: 'normal',
  saveToSentItems: true,
}

/** Signs a person in, who accepts everything, and returns the access token. */
export async function accessTokenOf(authorityHost: string, oid: string, scopes: readonly string[]): Promise<string> {
  const clock = () => new Date()
  const graphBaseUrl = authorityHost
  const identity = createMicrosoftIdentity({
    registration,
    authorityHost,
    graphBaseUrl,
    redirectUri,
    approvalLinks,
    fetch,
    clock,
  })
  const { codeVerifier, ...secrets } = newSecrets(randomBytes)
  const { code = '' } = await signIn(await identity.authorizeUrl({ scopes, prompt: 'select_account', ...secrets }), oid)
  const redemption = await identity.redeemCode({ code, codeVerifier, nonce: secrets.nonce, scopes })
  if (redemption.outcome === 'refused') throw new Error(redemption.explanation.detail)
  return redemption.tokens.accessToken
}
