/** A fenced block of a document, and what the comment above it says about running it. */
export interface Block {
  readonly line: number
  readonly language: string
  readonly text: string
  readonly plan: Plan
}

export type Plan =
  /**
   * `<!-- commands: run in SETTING -->`, with `, until "TEXT"` for a program that runs until it is stopped, or with
   * `, showing "TEXT"` for a text that has to be among what the commands print.
   */
  | { readonly kind: 'run'; readonly setting: string; readonly until: string | null; readonly showing: string | null }
  /** `<!-- commands: not run, because REASON -->` */
  | { readonly kind: 'not-run'; readonly reason: string }
  /** Nothing is said. */
  | { readonly kind: 'unsaid' }

const COMMENT = /^\s*<!-- commands: (.*) -->$/
const FENCE = /^(\s*)```(\w*)$/

/** Returns the fenced blocks of a Markdown text. */
export function blocksOf(markdown: string): Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  for (let index = 0; index < lines.length; index++) {
    const [, indent = '', language] = FENCE.exec(lines[index] ?? '') ?? []
    if (language === undefined) continue
    const end = lines.findIndex((line, at) => at > index && line === `${indent}\`\`\``)
    if (end === -1) throw new Error(`The block of line ${index + 1} does not end.`)
    const text = lines.slice(index + 1, end).map((line) => line.slice(indent.length))
    blocks.push({ line: index + 1, language, text: `${text.join('\n')}\n`, plan: planOf(lines[index - 1] ?? '') })
    index = end
  }
  return blocks
}

function planOf(line: string): Plan {
  const [, said] = COMMENT.exec(line) ?? []
  if (said === undefined) return { kind: 'unsaid' }
  const [, reason] = /^not run, because (.+)$/.exec(said) ?? []
  if (reason !== undefined) return { kind: 'not-run', reason }
  const [, setting, until = null, showing = null] =
    /^run in (\w+)(?:, until "(.+)"|, showing "(.+)")?$/.exec(said) ?? []
  if (setting !== undefined) return { kind: 'run', setting, until, showing }
  throw new Error(`The comment "${said}" is not understood.`)
}
