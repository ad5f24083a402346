/** Whose mailbox a call works in: that of the person whose token it is, or by any of its addresses another one. */
export type Mailbox = 'me' | { readonly address: string }

/** Below the version. An address may hold what means something else in a path, such as `#` and `/`. */
export function mailboxPath(mailbox: Mailbox = 'me'): string {
  return mailbox === 'me' ? '/me' : `/users/${encodeURIComponent(mailbox.address)}`
}

/** Ids may hold `/`, `+` and `=`. */
export function messagePath(mailbox: Mailbox | undefined, id: string): string {
  return `${mailboxPath(mailbox)}/messages/${encodeURIComponent(id)}`
}
