import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DELIVERY_SENTENCES } from '../../apps/api/src/delivery-sentences.ts'
import { PROBLEM_SENTENCES } from '../../apps/api/src/http/problem-sentences.ts'
import { CHECK_TEXTS } from '../../apps/api/src/setup-check/check-text.ts'
import { en } from '../../apps/web/src/language/en.ts'
import { deServer } from '../../apps/web/src/language/de-server.ts'
import { MessageProblemCode } from '../../packages/contract/src/message.ts'
import { DELIVERY_MEANINGS, QUARANTINE } from '../../packages/contract/src/delivery-text.ts'
import { FAULTS } from '../../packages/contract/src/fault-text.ts'
import { GRAPH_CODES } from '../../packages/m365/src/mailer/graph-codes.ts'
import { SENTENCES } from '../../packages/m365/src/sentences.ts'

const ENGLISH: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries({ ...SENTENCES, ...DELIVERY_SENTENCES, ...PROBLEM_SENTENCES }).map(([name, text]) => [
    `server.${name}`,
    text,
  ]),
  ...Object.entries({ ...DELIVERY_MEANINGS, quarantined: QUARANTINE }).map(([cause, { meaning }]) => [
    `server.delivery.${cause}`,
    meaning,
  ]),
  ...Object.entries(CHECK_TEXTS).flatMap(([code, { title, detail, action }]) =>
    Object.entries({ title, detail, action }).flatMap(([part, text]) =>
      text === undefined ? [] : [[`checks.${code}.${part}`, text]],
    ),
  ),
  ...Object.entries(FAULTS).map(([code, text]) => [`server.fault.${code}`, text]),
])

it('has a German sentence for each that the server can name, and for no other', () => {
  expect(Object.keys(deServer).sort()).toEqual(Object.keys(ENGLISH).sort())
})

it('fills into a German sentence only what the English one is filled with', () => {
  const others = Object.entries(deServer).flatMap(([name, text]) => {
    const known = new Set(namesIn(ENGLISH[name] ?? ''))
    return namesIn(text).flatMap((value) => (known.has(value) ? [] : [`${name}: ${value}`]))
  })
  expect(others).toEqual([])
})

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
