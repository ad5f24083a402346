import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { writeDurably } from './durable-file.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-durable-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(directory, { recursive: true, force: true })
})

it('flushes the content before the rename, and the rename before it returns', async () => {
  const path = join(directory, 'secret')
  const handle = await open(directory)
  const prototype = Object.getPrototypeOf(handle) as typeof handle
  await handle.close()
  const sync = Reflect.get<typeof prototype, 'sync'>(prototype, 'sync')
  const states: string[] = []
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: typeof handle) {
    const kind = (await this.stat()).isDirectory() ? 'folder' : 'file'
    const present = await readFile(path, 'utf8').catch(() => 'nothing')
    states.push(`${kind} with ${present} in place`)
    return sync.call(this)
  })

  await writeDurably(path, 'content')

  expect(states).toEqual([
    'file with nothing in place',
    ...(process.platform === 'win32' ? [] : ['folder with content in place']),
  ])
})

it('replaces an existing file, readable for the owner only', async () => {
  const path = join(directory, 'secret')
  await writeDurably(path, 'old')

  await writeDurably(path, 'new')

  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o077).toBe(0)
})
