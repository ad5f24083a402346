import type { Values } from './values.ts'

/** A text that a plain page has in each language. A string is only there in English, a `part` besides where `values` are worded. */
export type PageText =
  | string
  | { readonly en: string; readonly de: string }
  | { readonly en: string; readonly part: 'title' | 'detail' | 'action' }

/** The texts of a plain page, for its script: the server knows the browser's language, but not the one chosen on the page. */
export interface PlainPageTexts {
  readonly title: PageText
  readonly paragraphs: readonly PageText[]
  readonly items: readonly PageText[]
  readonly note: PageText | null
  readonly link: PageText | null
  readonly command: PageText | null
  /** Names the sentences of the parts, and what is filled into them. */
  readonly values: Values
}
