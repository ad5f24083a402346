import type { TestBrowser } from './test-browser.ts'

export const SETTINGS = '/api/v1/tenant-settings/office365-smtp'

/** Connects a mailbox as a signed-in admin. See `test-service.ts` for the same from a product alone. */
export async function connectMailbox(
  admin: TestBrowser,
  sender: { fromEmail: string; largeAttachments?: boolean },
  account = 'Ada Admin',
): Promise<void> {
  const started = await admin.call('POST', `${SETTINGS}/configure`, sender)
  const result = await admin.consent(started.json.consentUrl, account)
  if (result.status !== 200) throw new Error(`The mailbox could not be connected: ${result.text}`)
}

/** Returns the scopes that a consent URL asks for. */
export function scopesOf(consentUrl: string): string[] {
  return (new URL(consentUrl).searchParams.get('scope') ?? '').split(' ').sort()
}
