import type { TestMicrosoft } from './test-product.ts'

/** Finds mails by subject in a simulated mailbox, by default in Max's inbox. */
export async function mailsIn(
  microsoft: TestMicrosoft,
  subject: string,
  { mailbox = 'max@contoso.com', folder = 'inbox' }: { mailbox?: string; folder?: string } = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on its shape
): Promise<any[]> {
  const query = new URLSearchParams({ folder, subject, limit: '1000' })
  const { items } = await microsoft.control(
    'GET',
    `/mailboxes/${encodeURIComponent(mailbox)}/messages?${query.toString()}`,
  )
  return items
}
