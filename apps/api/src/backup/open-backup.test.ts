import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open as openFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../configuration/config.ts'
import { BASELINE } from '../database/migrations/version-1-5.ts'
import { runRestoreCommand } from '../restore-command.ts'
import { VERSION } from '../runtime/version.ts'
import { createBackupFile } from './backup-file.ts'
import { listEntries, type Entry } from './container.ts'
import { FORMAT, HEAD_NAME, MANIFEST_HASH_NAME, MANIFEST_NAME, type Manifest } from './manifest.ts'
import { openBackup } from './open-backup.ts'
import { writeSegments } from './segments.ts'
import { useFolder } from '../test-support/use-created.ts'

const AT = new Date('2026-11-26T21:45:00Z')
const ROW = Buffer.from('a row of a table that is copied\n')
/** More than one segment. */
const ROWS = 200_000

const folder = useFolder()
let path: string

beforeEach(() => {
  path = join(folder, `${performance.now()}.backup`)
})

async function* rows(count: number): AsyncGenerator<Buffer> {
  const some = Buffer.concat(Array.from({ length: 1_000 }, () => ROW))
  for (let done = 0; done < count; done += 1_000) yield some
}

/** Writes a backup of one table. */
async function write({
  count = ROWS,
  head = {},
  manifest: more = {},
}: { count?: number; head?: object; manifest?: Partial<Manifest> } = {}): Promise<void> {
  const file = await createBackupFile(path, AT, () => {})
  const add = file.add.bind(file)
  const createdAt = AT.toISOString()
  const fullHead = { product: 'inforiver-mail', format: FORMAT, version: '1.1.0', createdAt, ...head }
  await add(HEAD_NAME, Buffer.from(JSON.stringify(fullHead)))
  const summary = await writeSegments('product/messages', rows(count), add)
  const manifest: Manifest = {
    format: FORMAT,
    version: '1.1.0',
    createdAt,
    migrations: [BASELINE],
    tables: [{ area: 'product', name: 'messages', columns: ['id'], ...summary }],
    sequences: [],
    storedBytes: 0,
    installation: null,
    sealed: [],
    keysSha256: null,
    simulator: null,
    ...more,
  }
  const text = Buffer.from(JSON.stringify(manifest))
  await add(MANIFEST_NAME, text)
  await add(MANIFEST_HASH_NAME, Buffer.from(createHash('sha256').update(text).digest('hex')))
  await file.finish()
}

const open = async (version = '1.1.0') => (await openBackup(path, version)).close()

it('reads back what was written, in pieces', async () => {
  await write()

  const backup = await openBackup(path, '1.1.0')
  let bytes = 0
  let pieces = 0
  for await (const piece of backup.read('product/messages')) {
    bytes += piece.length
    pieces += 1
  }
  await backup.close()

  expect(bytes).toBe(ROWS * ROW.length)
  expect(pieces).toBeGreaterThan(1)
  expect(backup.manifest.tables[0]?.lines).toBe(ROWS)
})

it('is an archive that tar lists, for its owner alone', async () => {
  await write({ count: 1_000 })

  const names = execFileSync('tar', ['tf', path], { encoding: 'utf8' }).trim().split('\n')
  expect(names).toEqual([HEAD_NAME, 'product/messages/00000000.zst', MANIFEST_NAME, MANIFEST_HASH_NAME])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

describe('a backup is refused', () => {
  it('wherever it was cut off', async () => {
    await write({ count: 1_000 })
    const { size } = await stat(path)
    for (const bytes of [size - 1_024, size - 2_000, 1_500, 600, 512]) {
      await truncate(path, bytes)
      await expect(open()).rejects.toThrow(/ is incomplete: its end is missing\. |is not a backup/)
    }
  })

  it('whichever of its bytes has changed', async () => {
    await write({ count: 1_000 })
    const whole = await readFile(path)
    const file = await openFile(path)
    const entries: Entry[] = []
    for await (const entry of listEntries(file)) entries.push(entry)
    await file.close()
    // One byte of each header and several of each content; the padding holds nothing.
    const places = entries.flatMap(({ position, sizeBytes }) =>
      [-400, 0, sizeBytes / 3, sizeBytes / 2, sizeBytes - 3].map((place) => position + Math.floor(place)),
    )
    for (const place of places) {
      const changed = Buffer.from(whole)
      changed[place] = (changed[place] ?? 0) ^ 1
      await writeFile(path, changed)
      await expect(open()).rejects.toThrow(/is damaged|is not a backup|is incomplete/)
    }
  })

  it.each([
    ['empty', ''],
    ['something else', 'PGDMP'.repeat(1_000)],
    // A tar header with such numbers has them in base 256, which cannot be read here.
    ['binary', Buffer.alloc(5_000, 0x9d)],
  ])('when it is %s', async (_, content) => {
    await writeFile(path, content)

    await expect(open()).rejects.toThrow(`${path} is not a backup of Inforiver Mail.`)
  })

  it('when its manifest lists more than it holds', async () => {
    const summary = { segments: 1e9, bytes: 1, lines: 1, sha256: 'a'.repeat(64) }
    await write({
      count: 1_000,
      manifest: { tables: [{ area: 'product', name: 'messages', columns: ['id'], ...summary }] },
    })

    await expect(open()).rejects.toThrow(`${path} is damaged: its manifest lists more than it holds.`)
  })

  it('when it is another archive', async () => {
    await writeFile(join(folder, 'other.txt'), 'other')
    execFileSync('tar', ['cf', path, '-C', folder, 'other.txt'])

    await expect(open()).rejects.toThrow(`${path} is not a backup of Inforiver Mail.`)
  })

  it.each([
    ['1.1.0', { version: '1.2.0' }],
    ['1.9.0', { version: '1.10.0' }],
    ['1.1.0', { format: FORMAT + 1, more: true }],
  ])('by version %s when its head says %o', async (version, head) => {
    await write({ count: 1_000, head })

    await expect(open(version)).rejects.toThrow(/was made by Inforiver Mail .* Restore it with that version\./)
  })

  it('when it is not there', async () => {
    await expect(open()).rejects.toThrow(`There is no file ${path}.`)
  })

  it.each(['/', '/dev/null'])('when it is %s, which is not a file', async (name) => {
    await expect(openBackup(name, '1.1.0')).rejects.toThrow(`${name} is not a file.`)
  })
})

describe('a restore', () => {
  const restore = (environment: Record<string, string>) =>
    runRestoreCommand({ from: path, noResend: false, replace: false }, readConfig(environment, folder), { print() {} })

  it('says how much room it needs before it begins', async () => {
    await write({
      count: 1_000,
      head: { version: VERSION },
      manifest: { version: VERSION, storedBytes: 1e15, simulator: [] },
    })

    await expect(restore({ DATA_DIR: 'data' })).rejects.toThrow(
      /^The disk of the data folder .* is too small: it has \d+ MB free, and the restore takes 1000001250 MB\./,
    )
    expect(await readdir(join(folder, 'data/demo'))).toEqual(['lock'])
  })

  it('does not take a backup of the demo for another, nor another for one of the demo', async () => {
    await write({ count: 1_000, head: { version: VERSION }, manifest: { version: VERSION, simulator: [] } })
    const registered = {
      AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
      AZURE_CLIENT_SECRET: 'the-secret-of-the-test-registration',
    }
    await expect(restore(registered)).rejects.toThrow('is a backup of the demo. Restore it with --demo.')
    await rm(path)
    await write({ count: 1_000, head: { version: VERSION }, manifest: { version: VERSION } })
    await expect(restore({})).rejects.toThrow('is not a backup of the demo')
  })
})

describe('a backup that is being written', () => {
  it('does not have its name yet, and leaves nothing when it fails', async () => {
    const file = await createBackupFile(path, AT, () => {})
    await file.add('one', Buffer.alloc(10_000))
    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, true])
    expect((await stat(`${path}.part`)).mode & 0o777).toBe(0o600)

    await file.discard()

    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false])
  })

  it('takes the place of one that was cut off, and says so', async () => {
    await writeFile(`${path}.part`, 'left behind')
    const said: string[] = []

    const file = await createBackupFile(path, AT, (line) => void said.push(line))
    await file.finish()

    expect(said).toEqual([`Removing ${path}.part, which a backup that was cut off has left.`])
    expect(await readFile(path, 'utf8')).not.toContain('left behind')
  })

  it('never replaces a file', async () => {
    const file = await createBackupFile(path, AT, () => {})
    await writeFile(path, 'precious')

    await expect(file.finish()).rejects.toThrow(`${path} exists already.`)
    await file.discard()

    expect(await readFile(path, 'utf8')).toBe('precious')
  })

  it.each(['none/a.backup', 'file/a.backup'])('says that the folder of %s does not exist', async (name) => {
    await writeFile(join(folder, 'file'), '')

    await expect(createBackupFile(join(folder, name), AT, () => {})).rejects.toThrow('its folder does not exist')
  })

  it.runIf(process.getuid?.() === 0)('says that the disk is full, and leaves nothing there', () => {
    const program = fileURLToPath(new URL('../test-support/run-backup-file.ts', import.meta.url))
    const said = execFileSync(
      'unshare',
      [
        '--mount',
        'sh',
        '-c',
        'mount -t tmpfs -o size=64k none "$1" && "$2" "$3" "$1/a.backup"',
        '-',
        folder,
        process.execPath,
        program,
      ],
      { encoding: 'utf8' },
    )

    expect(said).toBe(
      `The backup ${folder}/a.backup cannot be written (ENOSPC): its disk is full. Make room, or name a file on another disk.\n\n`,
    )
  })
})
