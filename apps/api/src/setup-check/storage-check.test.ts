import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkStorage, type StorageQuestion } from './storage-check.ts'

const GIB = 1024 ** 3
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-storage-'))
  mkdirSync(join(folder, 'postgres'), { mode: 0o700 })
  writeFileSync(join(folder, 'vault-keys'), 'k1:secret', { mode: 0o600 })
})
afterEach(() => rmSync(folder, { recursive: true }))

const check = (question: Partial<StorageQuestion> = {}) =>
  checkStorage({
    dataDirectory: folder,
    isEmbedded: true,
    foreignOwner: () => null,
    readFreeBytes: async () => 20 * GIB,
    ...question,
  })

it('accepts a folder of this account with room', async () => {
  expect(await check()).toEqual({ code: 'storage-ready', values: { folder, freeMegabytes: 20 * 1024 } })
})

it('looks at the folder above one that is still to be made', async () => {
  expect(await check({ dataDirectory: join(folder, 'not', 'made') })).toMatchObject({ code: 'storage-ready' })
})

it.each([
  [GIB - 1, 'storage-low'],
  [100 * 1024 ** 2, 'storage-low'],
  [100 * 1024 ** 2 - 1, 'storage-full'],
  [0, 'storage-full'],
])('takes %i free bytes for %s', async (freeBytes, code) => {
  expect(await check({ readFreeBytes: async () => freeBytes })).toMatchObject({ code })
})

it('reports data of another account', async () => {
  const names = { owner: 'mail', account: 'root' }

  expect(await check({ foreignOwner: () => names })).toEqual({
    code: 'storage-of-another-account',
    values: { folder, ...names },
  })
})

it('reports a folder of the database that PostgreSQL refuses', async () => {
  chmodSync(join(folder, 'postgres'), 0o755)

  expect(await check()).toMatchObject({ code: 'storage-modes-refused', values: { mode: '755' } })
})

it('warns of keys that others may read', async () => {
  chmodSync(join(folder, 'vault-keys'), 0o644)

  expect(await check()).toMatchObject({
    code: 'storage-readable-by-others',
    values: { paths: [join(folder, 'vault-keys')] },
  })
})

it('reports a data folder that is a file', async () => {
  expect(await check({ dataDirectory: join(folder, 'vault-keys') })).toMatchObject({ code: 'storage-not-writable' })
})

it('leaves an external database to its own check', async () => {
  expect(await check({ isEmbedded: false })).toMatchObject({ code: 'storage-elsewhere' })
})
