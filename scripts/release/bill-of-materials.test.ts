import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { billOfMaterials } from './bill-of-materials.ts'
import { bundlePrograms } from './bundle.ts'
import { isAllowed, licenceFile, listComponents, type Component } from './components.ts'

const root = join(import.meta.dirname, '../..')
/** Releases are made on Linux. */
const isLinux = process.platform === 'linux'
let folder: string
let bundled: readonly string[]
let components: Component[]
let bundle: string

beforeAll(async () => {
  if (!isLinux) return
  folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-bundle-'))
  bundled = await bundlePrograms(root, folder)
  components = await listComponents(root, bundled)
  bundle = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
})
afterAll(() => {
  if (isLinux) rmSync(folder, { recursive: true, force: true })
})

it.runIf(isLinux)(
  'names every package in the bundle and in the page, and what lies beside them, and nothing else',
  () => {
    const page: { name: string; version: string }[] = JSON.parse(
      readFileSync(join(root, 'apps/web/dist/.vite/licenses.json'), 'utf8'),
    )
    const beside = /^pkg:(generic\/|npm\/%40embedded-postgres\/)/
    const listed: { components: { purl: string }[] } = JSON.parse(billOfMaterials('1.0.0', components))
    const inBundleOrPage = new Set([
      ...bundled.map(urlOfPackage).filter((url) => url !== null),
      ...page.map(({ name, version }) => npmUrl(name, version)),
    ])
    expect(
      listed.components
        .map(({ purl }) => purl)
        .filter((purl) => !beside.test(purl))
        .toSorted(),
    ).toEqual([...inBundleOrPage].toSorted())
    expect(listed.components.filter(({ purl }) => beside.test(purl))).toHaveLength(8)
  },
)

it.runIf(isLinux)('names every package that a comment in the bundle names as the source of a module', () => {
  const named = [...bundle.matchAll(/^\/\/ (node_modules\/\.pnpm\/\S+\.[cm]?js)$/gm)].map(([, path = '']) => path)
  const purls = new Set(components.map(({ purl }) => purl))
  expect(named.length).toBeGreaterThan(500)
  expect(named.map(urlOfPackage).filter((url) => url === null || !purls.has(url))).toEqual([])
})

it.runIf(isLinux)('has a licence that allows it and a text of its own for each component', () => {
  const files = components.map(licenceFile)
  expect(new Set(files.map(({ name }) => name)).size).toBe(components.length)
  expect(components.filter(({ licence, text }) => !isAllowed(licence) || text.length < 200)).toEqual([])
})

it.each([
  ['(MIT OR GPL-3.0-only)', true],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only', false],
  ['(MIT AND (GPL-3.0-only OR Zlib)) OR GPL-2.0-only', true],
  ['GPL-3.0-only OR (MIT AND GPL-2.0-only)', false],
  ['unknown', false],
])('judges the licence %s', (licence, allowed) => {
  expect(isAllowed(licence)).toBe(allowed)
})

it.runIf(isLinux)('has no path of the machine that made it', () => {
  expect(bundle).not.toContain(root)
  expect(billOfMaterials('1.0.0', components)).not.toContain(root)
})

/** Looks for the manifest above a file; null for our own. */
function urlOfPackage(path: string): string | null {
  if (!path.includes('node_modules')) return null
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    if (!existsSync(join(root, folder, 'package.json'))) continue
    const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    if (name && version) return npmUrl(name, version)
  }
  throw new Error(`${path} belongs to no package.`)
}

function npmUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}
