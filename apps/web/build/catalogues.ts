import { fileURLToPath } from 'node:url'
import { parse, TYPE } from '@formatjs/icu-messageformat-parser'
import type { Plugin } from 'vite'

/** The page's texts, and German for the server's, whose English is in no ICU syntax. */
const CATALOGUE_FILE = /\/(web\/src\/language\/[a-z]{2}|contract\/src\/language\/de)\/[a-z-]+\.ts$/

/**
 * Parses the texts of the catalogues at build time, so that the page carries no parser. A text without anything to fill
 * in stays a string.
 */
export function catalogues(): Plugin {
  return {
    name: 'catalogues',
    apply: 'build',
    config: () => ({
      resolve: {
        alias: {
          '@formatjs/icu-messageformat-parser': fileURLToPath(
            import.meta.resolve('@formatjs/icu-messageformat-parser/no-parser.js'),
          ),
        },
      },
    }),
    async transform(_code, id) {
      if (!CATALOGUE_FILE.test(id)) return null
      const areas = (await import(id)) as Record<string, Record<string, string>>
      const code = Object.entries(areas).map(([name, texts]) => {
        const parsed = Object.entries(texts).map(([textId, text]) => [textId, parseText(text)])
        return `export const ${name} = ${JSON.stringify(Object.fromEntries(parsed))}`
      })
      return { code: code.join('\n'), map: null }
    },
  }
}

/** @throws SyntaxError where ICU's syntax does not allow the text */
export function parseText(text: string): unknown {
  const elements = parse(text)
  const [only, ...others] = elements
  return only?.type === TYPE.literal && others.length === 0 ? only.value : elements
}
