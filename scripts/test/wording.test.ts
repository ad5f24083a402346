import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { en } from '../../apps/web/src/language/en.ts'
import { MessageProblemCode } from '../../packages/contract/src/message.ts'
import { GRAPH_CODES } from '../../packages/m365/src/mailer/graph-codes.ts'

const AREAS = ['checks', 'deliveries', 'entra', 'faults', 'messages', 'microsoft', 'plain-pages', 'problems']

it.each(AREAS)('fills into a German sentence about %s only what the English one is filled with', async (area) => {
  const [english = {}, german = {}] = await Promise.all(['en', 'de'].map((language) => textsOf(language, area)))
  const others = Object.entries(german).flatMap(([name, text]) => {
    const known = new Set(namesIn(english[name] ?? ''))
    return namesIn(text).flatMap((value) => (known.has(value) ? [] : [`${name}: ${value}`]))
  })
  expect(Object.keys(german).length).toBeGreaterThan(30)
  expect(others).toEqual([])
})

async function textsOf(language: string, area: string): Promise<Readonly<Record<string, string>>> {
  const file = `../../packages/contract/src/language/${language}/${area}.ts`
  const areas = (await import(file)) as Readonly<Record<string, Readonly<Record<string, string>>>>
  return Object.assign({}, ...Object.values(areas))
}

it('has words in the page for each reason for which a message can fail', () => {
  const refusals = Object.entries(GRAPH_CODES).flatMap(([code, { verdict }]) =>
    typeof verdict === 'object' ? [code] : [],
  )
  expect([...MessageProblemCode.options, ...refusals].filter((code) => !(`overview.cause.${code}` in en))).toEqual([])
})

it('names the vault command as a release has it, which has no npm', () => {
  const root = join(import.meta.dirname, '../..')
  const sources = globSync('{apps/{api,web}/src,packages/*/src}/**/*.{ts,tsx}', { cwd: root })
  const documents = globSync('docs/*.md', { cwd: root })
  const forDevelopers = /\.test\.tsx?$|^docs\/(map|testing)\.md$/
  const lines = [...sources, ...documents]
    .filter((path) => !forDevelopers.test(path))
    .flatMap((path) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .map((line) => `${path}: ${line}`),
    )
  expect(lines.length).toBeGreaterThan(10_000)
  expect(lines.filter((line) => line.includes('npm run vault') && !line.includes('In the repository'))).toEqual([])
})

/** The values of a text, as `{name}` or `{name, …`, but not the texts between which a select or a plural chooses. */
function namesIn(text: string): string[] {
  const values = text.matchAll(
    /(?<!\b(?:one|other|secret|certificate|sign-in|scheduled|queued|held|sent|failed|cancelled) )\{(\w+)[,}]/g,
  )
  return [...values].map(([, name = '']) => name)
}
