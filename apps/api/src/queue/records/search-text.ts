import type { Recipient } from '@inforiver-mail/contract/message'

// What a search compares: the texts of a message as one text of ASCII letters and digits, in which every writing of the same
// letters looks the same. The trigrams of such a text do not depend on the locale of the database.

/** The texts of a message that can be searched. None contains control characters, which mark where they begin and end. */
export interface SearchedTexts {
  readonly subject: string
  readonly reference: string | null
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[] | null
  readonly bcc: readonly Recipient[] | null
}

/** What a message has to contain. */
export interface TextFilter {
  /** Part of the subject, the reference, or a recipient's name or address, in any case. */
  readonly search?: string
  /** The whole address of a recipient, in any case. */
  readonly recipient?: string
  /** The whole subject. */
  readonly subject?: string
  /** The whole reference. */
  readonly reference?: string
}

const SUBJECT = '\u0001'
const REFERENCE = '\u0002'
const ADDRESS = '\u0003'
const NAME = '\u0004'
const END = '\u0005'

export function searchedText({ subject, reference, to, cc, bcc }: SearchedTexts): string {
  const people = [...to, ...(cc ?? []), ...(bcc ?? [])]
  const named = people.map(({ address, name }) => `${ADDRESS}${address}${NAME}${name ?? ''}`).join('')
  return encode(foldCase(`${SUBJECT}${subject}${REFERENCE}${reference ?? ''}${END}${named}`))
}

/**
 * The pieces that the text of a message contains if it matches. Of a subject and a reference they do not tell the case, which
 * counts there.
 */
export function needlesOf({ search, recipient, subject, reference }: TextFilter): string[] {
  return [
    ...(search === undefined ? [] : [search]),
    ...(recipient === undefined ? [] : [`${ADDRESS}${recipient}${NAME}`]),
    ...(subject === undefined ? [] : [`${SUBJECT}${subject}${REFERENCE}`]),
    ...(reference === undefined ? [] : [`${REFERENCE}${reference}${END}`]),
  ].map((text) => encode(foldCase(text)))
}

/**
 * The pieces that the index is asked for. Those of a recipient end before the domain: its trigrams are in the texts of most
 * messages, and reading their long lists would find hardly fewer.
 */
export function indexedNeedlesOf({ recipient, ...others }: TextFilter): string[] {
  if (recipient === undefined) return needlesOf(others)
  const local = recipient.slice(0, recipient.lastIndexOf('@'))
  return [...needlesOf(others), encode(foldCase(`${ADDRESS}${local}`))]
}

export function hasTextFilter({ search, recipient, subject, reference }: TextFilter): boolean {
  return [search, recipient, subject, reference].some((text) => text !== undefined)
}

const ASCII = /^[\0-\x7f]*$/

/**
 * Folds the case of a text by Unicode, whatever the locale of process and database: STRASSE finds Straße, and both forms
 * of the small sigma are one. Composed and decomposed accents are one as well.
 */
function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC')
}

/** Begins a code, and is found nowhere else: folded letters are small ones, and the codes go on with A to P. */
const CODE = 'Z'
const LETTERS = 'ABCDEFGHIJKLMNOP'

/**
 * Writes what is neither an ASCII letter nor a digit as a code of five capital letters. All codes have the same length, so
 * that no match begins or ends within one. The last digit of the character comes first: the trigram of a letter before it
 * then tells a space from a mark.
 */
function encode(folded: string): string {
  return folded.replaceAll(/[^a-z0-9]/g, (unit) => {
    const code = unit.charCodeAt(0)
    return CODE + [0, 4, 8, 12].map((shift) => LETTERS[(code >> shift) & 0xf]).join('')
  })
}
