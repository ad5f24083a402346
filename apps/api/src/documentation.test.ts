import { existsSync, globSync, readFileSync } from 'node:fs'
import { AuditAction } from '@inforiver-mail/contract/audit'
import { ConsentProblemCode } from '@inforiver-mail/contract/consent-problem'
import { HeldBecause, MessageProblemCode } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { Environment, SECRETS } from './configuration/environment.ts'
import { VERSION } from './runtime/version.ts'

const ROOT = new URL('../../../', import.meta.url)
const DOCUMENTS = ['CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: ROOT })]
const PAGES = ['README.md', 'apps/m365-simulator/README.md', 'apps/api/src/test-support/README.md', ...DOCUMENTS]
const README_BYTES = 10_240
const MAX_DECISION_WORDS = 400
const sources = ['*', '{apps,packages}/*/*', '{apps,packages}/*/{build,src}/**/*', '{scripts,e2e,deploy}/**/*'].flatMap(
  (path) => globSync(`${path}.{ts,tsx,mjs}`, { cwd: ROOT, exclude: (name) => name === 'node_modules' }),
)
const readme = read('README.md')

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

/** Returns the text below a heading, up to the next heading of its level. */
function section(text: string, heading: string): string {
  const [, rest = ''] = text.split(`\n## ${heading}\n`)
  return rest.split('\n## ')[0] ?? ''
}

/** Returns the texts between backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

function rowsOf(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('| '))
  return lines.slice(1).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}

const variables = rowsOf(read('docs/configuration.md')).flatMap(([names = '', defaults = '', meaning = '']) =>
  codeIn(names).map((name, index, all) => ({
    name,
    byDefault: all.length > 1 ? (codeIn(defaults)[index] ?? defaults) : defaults,
    meaning,
  })),
)

it('describes in configuration.md every variable of the configuration, and no other', () => {
  expect(variables.map(({ name }) => name).toSorted()).toEqual(Environment.keyof().options.toSorted())
  expect(variables.filter(({ meaning }) => meaning === '')).toEqual([])
})

it('names in configuration.md the default of each variable', () => {
  const given = Object.fromEntries(variables.map(({ name, byDefault }) => [name, codeIn(byDefault)[0] ?? byDefault]))
  const defaults = Object.entries(Environment.parse({})).map(([name, value]) => [name, String(value) || 'none'])
  expect(given).toMatchObject(Object.fromEntries(defaults))
})

it('names in configuration.md every secret that may come as a file', () => {
  const [, list = ''] = /Every secret \(([^)]*)\)/.exec(read('docs/configuration.md')) ?? []
  expect(codeIn(list).toSorted()).toEqual(SECRETS.toSorted())
})

it('names in README.md or CONTRIBUTING.md every command of package.json', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: object }
  const tables = [readme, read('CONTRIBUTING.md')].map((page) => section(page, 'Commands'))
  const named = tables.flatMap(codeIn).map((code) => /^npm (?:run )?([\w:-]+)/.exec(code)?.[1])
  const commands = Object.keys(scripts).filter((name) => name !== 'prepare') // npm's own, at the end of an installation
  expect(new Set(named.filter((name) => name !== undefined))).toEqual(new Set(commands))
})

it('names in dependencies.md every direct dependency, and no other', () => {
  const packages = globSync('{,{apps,packages}/*/,e2e/,scripts/pnpm/}package.json', { cwd: ROOT }).map(
    (path) => JSON.parse(read(path)) as Partial<Record<string, Record<string, string>>>,
  )
  const direct = packages
    .flatMap((one) => [one['dependencies'], one['devDependencies'], one['optionalDependencies']])
    .flatMap((list = {}) => Object.keys(list).filter((name) => !list[name]?.startsWith('workspace:')))
  const rows = rowsOf(read('docs/dependencies.md')).flatMap(([names = '']) => codeIn(names))
  expect(rows.toSorted()).toEqual([...new Set(direct)].toSorted())
})

it('names in security.md every action of the audit log', () => {
  const actions = new Set(codeIn(section(read('docs/security.md'), 'The audit log')))
  expect(AuditAction.options.filter((action) => !actions.has(action))).toEqual([])
})

it.each([
  ['consent that does not complete', ConsentProblemCode.options],
  ['message that is held', HeldBecause.options],
  ['message that failed', MessageProblemCode.options],
])('says in the runbook what to do about every %s', (_, codes) => {
  const named = new Set(rowsOf(section(read('docs/runbook.md'), 'Trouble')).flatMap(([code = '']) => codeIn(code)))
  expect(codes.filter((code) => !named.has(code))).toEqual([])
})

it('names in operations.md every metric', () => {
  const code = sources.filter((path) => path.startsWith('apps/api/src/') && !path.endsWith('.test.ts'))
  const source = code.map((path) => read(path)).join('\n')
  const metrics = [...source.matchAll(/(?:name: |gauge\(\s*)'(inforiver_mail_\w+)'/g)]
  expect(metrics.length).toBeGreaterThan(0)
  const named = new Set(codeIn(section(read('docs/operations.md'), 'Metrics')).map((code) => code.replace(/\{.*/, '')))
  expect(metrics.map(([, name = '']) => name).filter((name) => !named.has(name))).toEqual([])
})

it('names in map.md every table', () => {
  const tables = [...read('prisma/schema.prisma').matchAll(/@@map\("(\w+)"\)/g)].map(([, table = '']) => table)
  expect(tables.length).toBeGreaterThan(0)
  const named = new Set(codeIn(section(read('docs/map.md'), 'Tables')))
  expect(tables.filter((table) => !named.has(table))).toEqual([])
})

it('names in CHANGELOG.md the version in work first, and below it every release with its date', () => {
  const [inWork, ...released] = [...read('CHANGELOG.md').matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)
  expect(inWork).toMatch(/^\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)$/)
  expect(inWork?.split(' ')[0]).toBe(VERSION)
  const releases = (JSON.parse(read('docs/releases.json')) as { version: string }[]).map(({ version }) => version)
  const isInWork = (heading: string) => heading.endsWith(' (unreleased)') // a minor release beside the next major one
  const dated = released
    .filter((heading) => !isInWork(heading))
    .map((heading) => /^(\S+) \(\d{4}-\d\d-\d\d\)$/.exec(heading)?.[1])
  expect(dated).toEqual(releases.filter((version) => version !== VERSION).toReversed())
})

it('keeps README.md within 10 KB', () => {
  expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(README_BYTES)
})

it('keeps each decision below 400 words', () => {
  const decisions = DOCUMENTS.filter((path) => /decisions[\\/]\d/.test(path))
  const words = (path: string) => read(path).split(/\s+/).filter(Boolean).length
  expect(decisions.filter((path) => words(path) >= MAX_DECISION_WORDS)).toEqual([])
})

it('links every document from README.md, each decision through their list', () => {
  const decisions = read('docs/decisions/README.md')
  const isLinked = (path: string) =>
    readme.includes(`](${path}`) || decisions.includes(`](${path.replace('docs/decisions/', '')})`)
  expect(DOCUMENTS.filter((path) => !isLinked(path))).toEqual([])
})

it.each(PAGES)('names in %s only sources that exist', (path) => {
  const named = codeIn(read(path)).filter((code) => /^[\w./-]+\.(tsx?|mjs)$/.test(code))
  expect(named.filter((name) => !sources.some((source) => `/${source}`.endsWith(`/${name}`)))).toEqual([])
})

it.each(PAGES)('links in %s to files and headings that exist', (path) => {
  const page = new URL(path, ROOT)
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const broken = links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(new URL(link, page)))
  expect(broken).toEqual([])
})

function leadsSomewhere(url: URL): boolean {
  const { hash } = url
  url.hash = ''
  if (!existsSync(url)) return false
  return hash === '' || anchorsOf(readFileSync(url, 'utf8')).has(decodeURIComponent(hash.slice(1)))
}

/** Derives anchors from headings as GitHub does. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
