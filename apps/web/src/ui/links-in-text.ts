const SHOWN_CHARACTERS = 60

/** The text in pieces: every second one is a web address, without the punctuation that follows it. */
export function splitAtLinks(text: string): string[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/i)
}

/**
 * An address as it is shown in a sentence, whose link leads to all of it: a long one, which would take lines, without
 * scheme and query, and without its middle where that is not enough.
 */
export function shownAddress(address: string): string {
  if (address.length <= SHOWN_CHARACTERS) return address
  const bare = address.replace(/^https?:\/\//i, '').replace(/\?[^#]*/, '')
  if (bare.length <= SHOWN_CHARACTERS) return bare
  const ends = (SHOWN_CHARACTERS - 1) / 2
  return `${bare.slice(0, Math.ceil(ends))}…${bare.slice(-Math.floor(ends))}`
}
