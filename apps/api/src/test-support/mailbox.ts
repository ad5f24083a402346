import type { TestMicrosoft } from './test-product.ts'

/** Finds mails by subject in a folder of a simulated mailbox, or in all of them; by default in Max's inbox. */
export async function mailsIn(
  microsoft: TestMicrosoft,
  subject: string,
  { mailbox = 'max@contoso.com', folder = 'inbox' }: { mailbox?: string; folder?: string | null } = {},
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on its shape
): Promise<any[]> {
  const query = new URLSearchParams({ ...(folder !== null && { folder }), subject, limit: '1000' })
  const { items } = await microsoft.control(
    'GET',
    `/mailboxes/${encodeURIComponent(mailbox)}/messages?${query.toString()}`,
  )
  return items
}
