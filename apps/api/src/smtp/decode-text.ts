import { createDecodeStream, decode } from 'libmime/lib/charset.js'

/** Charset labels that are unreliable: what is labelled with them is UTF-8 or Windows' Latin in practice. */
const SAYS_NOTHING = /^(|(us-)?ascii|ansi_x3\.4-1968|utf-?8|[78]bit|binary|unknown-8bit|x-unknown)$/
/** Programs say Latin 1 and send Windows-1252, which differs in control characters only (WHATWG Encoding, section 4.2). */
const LATIN_1 = /^(iso[-_]?8859-?1|latin-?1)$/

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Decodes text of a mail. Where no usable charset is named, bytes that are not UTF-8 are taken for Windows-1252: devices
 * send them undeclared, or declared as something else.
 */
export function decodeText(bytes: Buffer, charset: string | null): string {
  const named = (charset ?? '').trim().toLowerCase()
  if (LATIN_1.test(named)) return new TextDecoder('windows-1252').decode(bytes)
  if (!SAYS_NOTHING.test(named) && createDecodeStream(named).supported) return decode(bytes, named)
  try {
    return UTF_8.decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
