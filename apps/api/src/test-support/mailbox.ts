import type { TestMicrosoft } from './test-product.ts'

/** What lies in a simulated mailbox under a subject: by default, what arrived for Max. */
export async function mailsIn(
  microsoft: TestMicrosoft,
  subject: string,
  { mailbox = 'max@contoso.com', folder = 'inbox' }: { mailbox?: string; folder?: string } = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on its shape
): Promise<any[]> {
  const path = `/mailboxes/${encodeURIComponent(mailbox)}/messages?folder=${folder}&limit=1000`
  const { items } = await microsoft.control('GET', path)
  return items.filter((mail: { subject: string }) => mail.subject === subject)
}
