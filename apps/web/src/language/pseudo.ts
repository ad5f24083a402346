import type { Catalogue } from './catalogue.ts'

/** How much longer a translation may be than the English text. */
const LONGER_BY = 0.3

/**
 * Makes the texts of a language that nobody speaks: the English ones between brackets and longer. On a page in it, a
 * text without brackets stands in the code, and a layout that only fits English breaks.
 */
export function toPseudo(english: Catalogue): Catalogue {
  const texts = Object.entries(english).map(([id, text]) => {
    if (typeof text === 'string') return [id, `⟦${text}${filler(text.length)}⟧`]
    const length = text.reduce((sum, element) => sum + ('value' in element ? element.value.length : 0), 0)
    return [id, [literal('⟦'), ...text, literal(`${filler(length)}⟧`)]]
  })
  return Object.fromEntries(texts) as Catalogue
}

function filler(length: number): string {
  return ' ~~~'.repeat(Math.ceil((length * LONGER_BY) / 4))
}

function literal(value: string) {
  return { type: 0, value } as const // a literal of the parser
}
