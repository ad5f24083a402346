import type { TestBrowser } from './test-browser.ts'

export const SETTINGS = '/api/v1/tenant-settings/office365-smtp'

/** Connects a mailbox, for tests about what comes after. */
export async function connectMailbox(
  admin: TestBrowser,
  sender: { fromEmail: string; largeAttachments?: boolean },
  account = 'Ada Admin',
): Promise<void> {
  const started = await admin.call('POST', `${SETTINGS}/configure`, sender)
  const result = await admin.consent(started.json.consentUrl, account)
  if (result.status !== 200) throw new Error(`The mailbox could not be connected: ${result.text}`)
}

/** What Microsoft's page behind a consent URL is asked for. */
export function scopesOf(consentUrl: string): string[] {
  return (new URL(consentUrl).searchParams.get('scope') ?? '').split(' ').sort()
}
