import { IntlMessageFormat } from 'intl-messageformat'
import { createElement, Fragment, type ReactNode } from 'react'
import type { Catalogue, TextId } from './catalogue.ts'
import type { LanguageCode } from './languages.ts'

export type TextValues = Readonly<Record<string, string | number>>

/** A value is a text, a number, an element, or what to make of the text between `<name>` and `</name>`. */
export type RichValues = Readonly<Record<string, ReactNode | ((content: ReactNode) => ReactNode)>>

const TIMES = {
  long: { dateStyle: 'long', timeStyle: 'short' },
  short: { dateStyle: 'medium', timeStyle: 'short' },
  seconds: { dateStyle: 'medium', timeStyle: 'medium' },
  day: { dateStyle: 'long' },
  clock: { timeStyle: 'short' },
  /** A whole day in UTC. */
  'utc-day': { dateStyle: 'medium', timeZone: 'UTC' },
  /** The same beside others, where the year goes without saying. */
  'utc-day-of-year': { month: 'short', day: 'numeric', timeZone: 'UTC' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

export type TimeFormat = keyof typeof TIMES

/** Words a text of the catalogue, and formats dates, numbers and lists, in one language. */
export interface Translate {
  (id: TextId, values?: TextValues): string
  readonly language: LanguageCode
  /** The same with elements in it. */
  readonly rich: (id: TextId, values: RichValues) => ReactNode
  /** The same for an id that comes from the server; null when there is no such text, or a value that it needs is missing. */
  readonly known: (id: string, values?: TextValues) => string | null
  readonly number: (value: number, options?: Intl.NumberFormatOptions) => string
  /** A moment in the reader's time zone. */
  readonly time: (at: string | number | Date, format: TimeFormat) => string
  /** Such as "a, b and c", "a, b or c" (`disjunction`) or "a, b, c" (`unit`). */
  readonly list: (items: readonly string[], type?: Intl.ListFormatType) => string
}

interface Options {
  readonly language: LanguageCode
  /** How dates and numbers are written. */
  readonly locale: string
  readonly catalogue: Catalogue
}

export function createTranslate({ language, locale, catalogue }: Options): Translate {
  const messages = new Map<string, IntlMessageFormat>()
  // Each takes longer to make than to use a hundred times.
  const times = new Map<TimeFormat, Intl.DateTimeFormat>()
  const plainNumber = new Intl.NumberFormat(locale)

  function messageOf(id: string): IntlMessageFormat | string | null {
    const kept = messages.get(id)
    if (kept) return kept
    const source = Object.hasOwn(catalogue, id) ? catalogue[id] : undefined
    if (source === undefined) return null
    // A build has parsed the texts that have anything to fill in; see `build/catalogues.ts`.
    if (typeof source === 'string' && import.meta.env.PROD) return source
    const message = new IntlMessageFormat(source, locale)
    messages.set(id, message)
    return message
  }

  function format(id: string, values: TextValues = {}): string | null {
    const message = messageOf(id)
    return typeof message === 'string' || message === null ? message : String(message.format({ ...values }))
  }

  function known(id: string, values?: TextValues): string | null {
    try {
      return format(id, values)
    } catch {
      return null // a value is missing
    }
  }

  // What is missing fails the tests and the dev server; a page of a build shows the id instead of breaking.
  const wordText = import.meta.env.PROD ? known : format

  return Object.assign((id: TextId, values?: TextValues) => wordText(id, values) ?? id, {
    known,
    language,
    rich(id: TextId, values: RichValues): ReactNode {
      const message = messageOf(id)
      if (typeof message === 'string' || message === null) return message ?? id
      const filled = Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'function' ? (content: ReactNode[]) => value(inOrder(content)) : value,
      ])
      return inOrder([message.format<ReactNode>(Object.fromEntries(filled))].flat())
    },
    number: (value: number, options?: Intl.NumberFormatOptions) =>
      (options === undefined ? plainNumber : new Intl.NumberFormat(locale, options)).format(value),
    time(at: string | number | Date, format: TimeFormat): string {
      const known = times.get(format) ?? new Intl.DateTimeFormat(locale, TIMES[format])
      times.set(format, known)
      return known.format(new Date(at))
    },
    list: (items: readonly string[], type: Intl.ListFormatType = 'conjunction') =>
      new Intl.ListFormat(locale, { type }).format(items),
  })
}

/** Parts of a sentence, whose order is fixed: React asks for no keys. */
function inOrder(parts: readonly ReactNode[]): ReactNode {
  return createElement(Fragment, null, ...parts)
}

/** Begins a text with a capital letter, as the beginning of a line does. */
export function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
