/** Markup that needs no more escaping. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | null | false | readonly Part[]

/** Escapes whatever is put in, unless it is markup already. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0] ?? ''
  for (const [position, part] of parts.entries()) markup += render(part) + (strings[position + 1] ?? '')
  return { markup }
}

function render(part: Part): string {
  if (part === null || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part))
  if ('markup' in part) return part.markup
  return part.map((inner) => render(inner)).join('')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
