const SHOWN_CHARACTERS = 60

/** Splits the text so that every second piece is a web address, without the punctuation that follows it. */
export function splitAtLinks(text: string): string[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/i)
}

/**
 * Shortens an address that would take lines: first it loses scheme and query, then its middle. The link keeps all of it.
 */
export function shownAddress(address: string): string {
  if (address.length <= SHOWN_CHARACTERS) return address
  const bare = address.replace(/^https?:\/\//i, '').replace(/\?[^#]*/, '')
  if (bare.length <= SHOWN_CHARACTERS) return bare
  const ends = (SHOWN_CHARACTERS - 1) / 2
  return `${bare.slice(0, Math.ceil(ends))}…${bare.slice(-Math.floor(ends))}`
}
