import type { TestMicrosoft } from './test-product.ts'

/** Finds mails by subject in a simulated mailbox, by default in Max's inbox. */
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
