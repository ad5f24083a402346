import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { finishRestore, replaceByRestored } from './restored-folder.ts'

const TIME = '20261126-214500'
const KEPT = `before-restore-${TIME}`
const PARTS = ['postgres/PG_VERSION', 'postgres-password', 'simulator/journal.jsonl']

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inforiver-mail-restored-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function fill(within: string, text: string, paths: readonly string[] = PARTS): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, within, path, '..'), { recursive: true })
    await writeFile(join(folder, within, path), text)
  }
}

async function filesOf(within = ''): Promise<Record<string, string>> {
  const entries = await readdir(join(folder, within), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const contents = await Promise.all(
    paths.toSorted().map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const),
  )
  return Object.fromEntries(contents)
}

it('puts restored data in their place, and keeps the data and the keys that were there', async () => {
  await fill('', 'old', [...PARTS, 'lock', 'vault-keys'])
  await fill('restoring', 'new', [...PARTS, 'lock'])

  expect(await replaceByRestored(folder, TIME)).toBe(join(folder, KEPT))

  expect(await filesOf()).toEqual({
    ...Object.fromEntries(PARTS.map((path) => [path, 'new'])),
    lock: 'old',
    'vault-keys': 'old',
    ...Object.fromEntries([...PARTS, 'vault-keys'].map((path) => [`${KEPT}/${path}`, 'old'])),
  })
})

it('keeps nothing where there was nothing, and takes the keys that were restored', async () => {
  await fill('restoring', 'new', [...PARTS, 'vault-keys'])

  expect(await replaceByRestored(folder, TIME)).toBeNull()

  expect(await filesOf()).toEqual(Object.fromEntries([...PARTS, 'vault-keys'].map((path) => [path, 'new'])))
})

it('completes an exchange from wherever it was cut off', async () => {
  await fill('', 'old', [...PARTS, 'vault-keys'])
  await fill('restoring', 'new')
  await cp(folder, `${folder}-whole`, { recursive: true })
  await replaceByRestored(folder, TIME)
  const wanted = await filesOf()
  const restored = `restored-${TIME}`
  // Each step moves one more part: away from its place, then into it.
  const steps = ['postgres', 'postgres-password', 'simulator'].flatMap((part) => [
    [part, `${KEPT}/${part}`],
    [`${restored}/${part}`, part],
  ])
  for (let done = 0; done <= steps.length; done++) {
    await rm(folder, { recursive: true })
    await cp(`${folder}-whole`, folder, { recursive: true })
    await rename(join(folder, 'restoring'), join(folder, restored))
    if (done > 0) await mkdir(join(folder, KEPT))
    for (const [from = '', to = ''] of steps.slice(0, done)) await rename(join(folder, from), join(folder, to))

    await finishRestore(folder)

    expect(await filesOf(), `after ${done} steps`).toEqual(wanted)
  }
  await rm(`${folder}-whole`, { recursive: true })
})

it('replaces no folder that keeps other data', async () => {
  await fill('', 'newer')
  await fill(KEPT, 'old')
  await fill('restoring', 'newest')

  expect(await replaceByRestored(folder, TIME)).toBe(join(folder, `${KEPT}-2`))

  expect(await filesOf()).toMatchObject({
    'postgres/PG_VERSION': 'newest',
    [`${KEPT}/postgres/PG_VERSION`]: 'old',
    [`${KEPT}-2/postgres/PG_VERSION`]: 'newer',
  })
})

it('leaves a restore alone that was cut off before it was whole', async () => {
  await fill('', 'old')
  await fill('restoring', 'new')

  expect(await finishRestore(folder)).toBeNull()

  expect(await filesOf()).toMatchObject({ 'postgres/PG_VERSION': 'old', 'restoring/postgres/PG_VERSION': 'new' })
})
