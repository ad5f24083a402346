import { createHash } from 'node:crypto'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { ConfigurationError } from '../configuration/config.ts'
import { compareVersions } from '../database/migrations/release-order.ts'
import { ContainerError, listEntries, readEntry, type Entry } from './container.ts'
import {
  FORMAT,
  Head,
  HEAD_NAME,
  KEYS_NAME,
  Manifest,
  MANIFEST_HASH_NAME,
  MANIFEST_NAME,
  simulatorStream,
  tableStream,
} from './manifest.ts'
import { createSumming, openSegment, segmentName, type Summary } from './segments.ts'

export interface Backup {
  readonly path: string
  readonly manifest: Manifest
  /** Reads a table or a file again. Throws when it is not what was verified. */
  read(stream: string): AsyncGenerator<Buffer>
  /** The vault keys inside; null without. */
  readKeys(): Promise<string | null>
  close(): Promise<void>
}

/**
 * Opens a backup and verifies all of it: that it is whole, that no byte has changed, and that this version can read it.
 *
 * @throws {ConfigurationError} saying what is wrong with it
 */
export async function openBackup(path: string, version: string): Promise<Backup> {
  const file = await openFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(
      error.code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${error.code}).`,
    )
  })
  try {
    return await verify(path, file, version)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** A pipe is refused before it is opened, which would wait for a writer. */
async function openFile(path: string): Promise<FileHandle> {
  if (!(await stat(path)).isFile()) throw new ConfigurationError(`${path} is not a file.`)
  return open(path, 'r')
}

async function verify(path: string, file: FileHandle, version: string): Promise<Backup> {
  const { head, entries } = await indexEntries(path, file, version)
  const manifest = await readManifest(path, file, entries)
  if (head.version !== manifest.version || head.createdAt !== manifest.createdAt)
    throw damaged(path, 'its head is not as it was written')
  const read = readerOf(path, file, entries)
  const streams = streamsOf(manifest)
  const segments = [...streams.values()].reduce((sum, stream) => sum + stream.segments, 0)
  if (segments > entries.size) throw damaged(path, 'its manifest lists more than it holds')
  const expected = new Set([
    HEAD_NAME,
    MANIFEST_NAME,
    MANIFEST_HASH_NAME,
    ...(manifest.keysSha256 === null ? [] : [KEYS_NAME]),
    ...[...streams].flatMap(([stream, { segments }]) =>
      Array.from({ length: segments }, (_, index) => segmentName(stream, index)),
    ),
  ])
  for (const name of entries.keys()) if (!expected.has(name)) throw damaged(path, `${name} does not belong into it`)
  const readVerified = async function* (stream: string): AsyncGenerator<Buffer> {
    const summary = streams.get(stream)
    if (summary === undefined) throw new Error(`There is no ${stream} in a backup.`)
    const summing = createSumming()
    for (let index = 0; index < summary.segments; index++) {
      const segment = await openSegment(await read(segmentName(stream, index))).catch((error: unknown) => {
        throw error instanceof ConfigurationError ? error : damaged(path, `${stream} is not as it was written`)
      })
      summing.add(segment)
      yield segment
    }
    if (!isSame(summing.sum(), summary)) throw damaged(path, `${stream} is not as it was written`)
  }
  // oxlint-disable-next-line no-unused-vars -- it is read to its end for its checksum
  for (const stream of streams.keys()) for await (const _ of readVerified(stream));
  const readKeys = async () => {
    if (manifest.keysSha256 === null) return null
    const keys = await read(KEYS_NAME)
    if (sha256Of(keys) !== manifest.keysSha256) throw damaged(path, 'the vault keys are not as they were written')
    return keys.toString('utf8')
  }
  await readKeys()
  return { path, manifest, read: readVerified, readKeys, close: () => file.close() }
}

/** Looks at the head first: a newer version may have written the rest in another way. */
async function indexEntries(
  path: string,
  file: FileHandle,
  version: string,
): Promise<{ head: Head; entries: ReadonlyMap<string, Entry> }> {
  const entries = new Map<string, Entry>()
  let head: Head | null = null
  try {
    for await (const entry of listEntries(file)) {
      if (head === null) {
        head = await readHead(path, file, entry)
        refuseNewer(path, head, version)
      }
      entries.set(entry.name, entry)
    }
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error
    if (head === null) throw foreign(path)
    throw error.fault === 'cut off' ? cutOff(path) : damaged(path, 'what follows cannot be read')
  }
  if (head === null) throw foreign(path)
  return { head, entries }
}

async function readHead(path: string, file: FileHandle, entry: Entry): Promise<Head> {
  if (entry.name !== HEAD_NAME) throw foreign(path)
  const head = Head.safeParse(parseJson(await readEntry(file, entry)))
  if (!head.success) throw foreign(path)
  return head.data
}

function refuseNewer(path: string, head: Head, version: string): void {
  if (head.format <= FORMAT && compareVersions(head.version, version) <= 0) return
  throw new ConfigurationError(
    `${path} was made by Inforiver Mail ${head.version}, which is newer than this one (${version}). Restore it with that version.`,
  )
}

async function readManifest(path: string, file: FileHandle, entries: ReadonlyMap<string, Entry>): Promise<Manifest> {
  const read = readerOf(path, file, entries)
  const text = await read(MANIFEST_NAME)
  const hash = (await read(MANIFEST_HASH_NAME)).toString('utf8')
  const manifest = Manifest.safeParse(parseJson(text))
  if (sha256Of(text) !== hash || !manifest.success) throw damaged(path, 'its manifest is not as it was written')
  return manifest.data
}

function readerOf(
  path: string,
  file: FileHandle,
  entries: ReadonlyMap<string, Entry>,
): (name: string) => Promise<Buffer> {
  return async (name) => {
    const entry = entries.get(name)
    if (entry === undefined) throw cutOff(path)
    return readEntry(file, entry).catch((error: unknown) => {
      throw error instanceof ContainerError ? cutOff(path) : error
    })
  }
}

function streamsOf({ tables, simulator }: Manifest): ReadonlyMap<string, Summary> {
  return new Map<string, Summary>([
    ...tables.map((table) => [tableStream(table), table] as const),
    ...(simulator ?? []).map((file) => [simulatorStream(file.path), file] as const),
  ])
}

function isSame(one: Summary, other: Summary): boolean {
  return one.bytes === other.bytes && one.lines === other.lines && one.sha256 === other.sha256
}

function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'))
  } catch {
    return undefined
  }
}

function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function foreign(path: string): ConfigurationError {
  return new ConfigurationError(`${path} is not a backup of Inforiver Mail.`)
}

function cutOff(path: string): ConfigurationError {
  return new ConfigurationError(`${path} is incomplete: its end is missing. Copy it again, or use another backup.`)
}

function damaged(path: string, what: string): ConfigurationError {
  return new ConfigurationError(`${path} is damaged: ${what}. Copy it again, or use another backup.`)
}
