import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// A fence is a condition or a step that keeps something out which the rules would find. Each is marked where it stands:
// SQL by `/* fence: NAME */ … /* end */`, TypeScript by the lines `// fence: NAME` and `// end`.

const ROOT = join(import.meta.dirname, '../..')
const FENCED_SOURCES = join(ROOT, 'apps/api/src')
const NAME = /(?:\/\*|\/\/) fence: ([\w-]+)/g

/** Every fence of the product by its name. One name may stand at several places, which are one fence together. */
export function listFences(): string[] {
  const sources = globSync('**/*.ts', { cwd: FENCED_SOURCES, exclude: ['**/*.test.ts', '**/generated/**'] })
  const source = sources.map((file) => readFileSync(join(FENCED_SOURCES, file), 'utf8')).join('\n')
  const names = Array.from(source.matchAll(NAME), ([, name = '']) => name)
  return [...new Set(names)].toSorted()
}

/** Takes a fence out. A condition stays as one that is always true, since PostgreSQL learns types of parameters from it. */
export function withoutFence(source: string, name: string): string {
  const inSql = new RegExp(String.raw`/\* fence: ${name} \*/([^]*?)/\* end \*/`, 'g')
  const inTypeScript = new RegExp(String.raw`^ *// fence: ${name}\n[^]*?^ *// end\n`, 'gm')
  return source.replace(inTypeScript, '').replace(inSql, (_fence, fenced: string) => {
    const [, condition] = /^\s*AND\s([^]*)$/.exec(fenced) ?? []
    return condition === undefined ? '' : `AND ((${condition}) OR true)`
  })
}
