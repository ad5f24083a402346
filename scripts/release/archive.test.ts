import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extract } from 'tar'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packFolder } from './archive.ts'

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'inforiver-mail-archive-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Makes the folder of a small release in a folder of its own. */
function makeFolder(parent: string, { names, at }: { names: string[]; at: Date }): string {
  const folder = join(directory, parent, 'inforiver-mail-1')
  mkdirSync(join(folder, 'lib'), { recursive: true })
  for (const name of names) {
    writeFileSync(join(folder, name), `content of ${name}`)
    utimesSync(join(folder, name), at, at)
    chmodSync(join(folder, name), name === 'run' ? 0o755 : 0o644)
  }
  symlinkSync('one.so.1', join(folder, 'lib/one.so'))
  return folder
}

it('gives the same bytes whenever and wherever the same contents are packed', async () => {
  const names = ['run', 'a.txt', 'lib/one.so.1']
  const first = makeFolder('first', { names, at: new Date('2026-01-01T00:00:00Z') })
  const second = makeFolder('the second', { names: names.toReversed(), at: new Date('2026-02-01T00:00:00Z') })
  const one = await packFolder(first, join(directory, 'one.tar.gz'))
  const other = await packFolder(second, join(directory, 'other.tar.gz'))
  expect(other.sha256).toBe(one.sha256)
  expect(readFileSync(join(directory, 'one.tar.gz.sha256'), 'utf8')).toBe(`${one.sha256}  one.tar.gz\n`)
})

it('unpacks with links that stay inside and programs that can be run', async () => {
  const folder = makeFolder('packed', { names: ['run', 'lib/one.so.1'], at: new Date(0) })
  await packFolder(folder, join(directory, 'packed.tar.gz'))
  const target = join(directory, 'unpacked')
  mkdirSync(target)
  await extract({ file: join(directory, 'packed.tar.gz'), cwd: target })
  expect(readlinkSync(join(target, 'inforiver-mail-1/lib/one.so'))).toBe('one.so.1')
  expect(statSync(join(target, 'inforiver-mail-1/run')).mode & 0o111).toBe(0o111)
})
