import { MAX_FILE_NAME_CHARACTERS } from '@inforiver-mail/contract/message-input'
import { cutText } from '@inforiver-mail/m365/cut-text'

/** Would break a header, or a path. */
const FORBIDDEN = /[\p{Cc}\u2028\u2029]/gu
/** Let a name show another extension than it has (Unicode UAX #9, UTR #36 section 2.8); no script needs them in a name. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const LONGEST_ENDING = 20

/**
 * Makes the file name of a multipart header fit for a message; returns null when nothing is left of it.
 * Browsers write a quote as %22 and line breaks as %0D%0A (HTML standard, multipart/form-data encoding).
 */
export function readFileName(written: string): string | null {
  return fitFileName(written.replaceAll('%22', '"').replaceAll(/%0D%0A|%0[AD]/gi, '_'))
}

/** Makes a file name fit for a message: without a path, and what would break a header. Null when nothing is left of it. */
export function fitFileName(given: string): string | null {
  const withoutPath = given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1)
  const name = showEnding(withoutPath.replaceAll(FORBIDDEN, '_').toWellFormed()).trim()
  return /^\.{0,2}$/.test(name) ? null : shorten(name)
}

/** Removes the characters that would disguise the extension. */
export function showEnding(name: string): string {
  return name.replaceAll(BIDI_CONTROLS, '')
}

/** Cuts a name to what the contract allows, but keeps its extension. */
function shorten(name: string): string {
  if (name.length <= MAX_FILE_NAME_CHARACTERS) return name
  const dot = name.lastIndexOf('.')
  const ending = name.length - dot - 1 <= LONGEST_ENDING ? name.slice(dot) : ''
  return `${cutText(name, MAX_FILE_NAME_CHARACTERS - ending.length)}${ending}`
}
