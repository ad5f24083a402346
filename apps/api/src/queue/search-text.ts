import type { Recipient } from '@inforiver-mail/contract/message'

// What a search compares: the texts of a message in one form for every writing of the same letters, and their pieces of
// three characters, by which the search index finds them.

/** The texts of a message that can be searched. No text contains control characters, so none reaches into another. */
export interface SearchedTexts {
  readonly subject: string
  readonly reference: string | null
  /** To, cc and bcc. */
  readonly recipients: readonly Recipient[]
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
const ASCII = /^[\0-\x7f]*$/

/**
 * Folds the case of a text by Unicode, whatever the locale of process and database: STRASSE finds Straße, and both forms
 * of the small sigma are one. Composed and decomposed accents are one as well.
 */
function foldCase(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return text.normalize('NFC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFC')
}

/** The folded texts of a message, each between the characters that mark where it begins and ends. */
function foldTexts({ subject, reference, recipients }: SearchedTexts): string {
  const people = recipients.map(({ address, name }) => `${ADDRESS}${address}${NAME}${name ?? ''}`).join('')
  return foldCase(`${SUBJECT}${subject}${REFERENCE}${reference ?? ''}${people}${END}`)
}

/** The folded pieces that `foldTexts` of a message contains if it matches. */
function needlesOf({ search, recipient, subject, reference }: TextFilter): string[] {
  return [
    ...(search === undefined ? [] : [search]),
    ...(recipient === undefined ? [] : [`${ADDRESS}${recipient}${NAME}`]),
    ...(subject === undefined ? [] : [`${SUBJECT}${subject}${REFERENCE}`]),
    ...(reference === undefined ? [] : [`${REFERENCE}${reference}`]),
  ].map(foldCase)
}

export function hasTextFilter({ search, recipient, subject, reference }: TextFilter): boolean {
  return [search, recipient, subject, reference].some((text) => text !== undefined)
}

/** The texts of a message that a filter compares. Reading its recipients costs most, so they are read when asked for. */
export interface ComparedTexts extends Omit<SearchedTexts, 'recipients'> {
  readonly recipients: () => readonly Recipient[]
}

/** The keys of a recipient in JSON. */
const KEYS = ['address', 'name'] as const satisfies readonly (keyof Recipient)[]

/**
 * The text to search for in lower case, if it occurs in the JSON of ASCII recipients only where it occurs in an address
 * or a name; else null.
 */
export function plainNeedle(search: string): string | null {
  const folded = foldCase(search)
  return /^[ -~]+$/.test(folded) && !/["\\{}]/.test(folded) && !KEYS.some((key) => key.includes(folded)) ? folded : null
}

/** Returns a function that tells whether the texts of a message match. */
export function createTextMatcher(filter: TextFilter): (texts: ComparedTexts) => boolean {
  const search = filter.search === undefined ? null : foldCase(filter.search)
  const recipient = filter.recipient === undefined ? null : foldCase(filter.recipient)
  const contains = (text: string | null | undefined) =>
    search === null || (text !== null && text !== undefined && foldCase(text).includes(search))
  return ({ subject, reference, recipients }) =>
    (filter.subject === undefined || filter.subject === subject) &&
    (filter.reference === undefined || filter.reference === reference) &&
    (recipient === null || recipients().some(({ address }) => foldCase(address) === recipient)) &&
    (contains(subject) ||
      contains(reference) ||
      recipients().some(({ address, name }) => contains(address) || contains(name)))
}

const GRAM_UNITS = 3
/** A small number of different grams bounds the index of a message with very many recipients. */
const GRAMS = 65_536

/** The numbers of all pieces of three UTF-16 units. Different pieces may share a number, so what they find is compared. */
function gramsOf(folded: string): Set<number> {
  const grams = new Set<number>()
  for (let at = 0; at + GRAM_UNITS <= folded.length; at++) grams.add(gramAt(folded, at))
  return grams
}

function gramAt(text: string, at: number): number {
  let hash = 0x811c9dc5 // FNV-1a
  for (let unit = at; unit < at + GRAM_UNITS; unit++) hash = Math.imul(hash ^ text.charCodeAt(unit), 0x01000193)
  return (hash ^ (hash >>> 16)) & (GRAMS - 1)
}

/** The number that stands for a service, beyond those of texts. */
function gramOfService(service: string): number {
  let hash = 0x811c9dc5
  for (let unit = 0; unit < service.length; unit++) hash = Math.imul(hash ^ service.charCodeAt(unit), 0x01000193)
  return GRAMS + ((hash ^ (hash >>> 16)) & (GRAMS - 1))
}

/** The grams under which a message is indexed. */
export function indexedGrams(texts: SearchedTexts, service: string): Set<number> {
  return gramsOf(foldTexts(texts)).add(gramOfService(service))
}

/** The most grams of a long text that are looked at to choose from. */
const MOST_ASKED_GRAMS = 32

/** Grams that every matching message is indexed under; evenly chosen where there are very many. */
export function askedGrams(filter: TextFilter, service: string | null): number[] {
  const grams = new Set<number>()
  for (const needle of needlesOf(filter)) for (const gram of gramsOf(needle)) grams.add(gram)
  const all = [...grams]
  const step = Math.max(1, all.length / MOST_ASKED_GRAMS)
  const chosen = Array.from({ length: Math.min(all.length, MOST_ASKED_GRAMS) }, (_, nth) => all[Math.floor(nth * step)])
  return [...chosen.filter((gram) => gram !== undefined), ...(service === null ? [] : [gramOfService(service)])]
}
