/** The mailbox that a call works in: that of the token's person, or another one by any of its addresses. */
export type Mailbox = 'me' | { readonly address: string }

/** Returns the path below the version. Addresses may hold characters that are special in a path, such as `#` and `/`. */
export function mailboxPath(mailbox: Mailbox = 'me'): string {
  return mailbox === 'me' ? '/me' : `/users/${encodeURIComponent(mailbox.address)}`
}

/** Ids may hold `/`, `+` and `=`, and are encoded. */
export function messagePath(mailbox: Mailbox | undefined, id: string): string {
  return `${mailboxPath(mailbox)}/messages/${encodeURIComponent(id)}`
}
