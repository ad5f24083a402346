import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

export interface Journal<Entry> {
  /** Writes before it returns, so that a killed process loses nothing that it has answered. */
  append(entry: Entry): void
  /** Replaces everything with these entries, atomically. */
  rewrite(entries: readonly Entry[]): void
}

export const memoryJournal: Journal<unknown> = { append() {}, rewrite() {} }

/**
 * Opens an append-only file of JSON lines and passes its entries to `replay`, in order. It cuts off a last line that a
 * killed process left half-written.
 *
 * @throws Error when any other line cannot be read, which a crash does not explain
 */
export function openJournal<Entry>(folder: string, replay: (entry: Entry) => void): Journal<Entry> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'journal.jsonl')
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  for (const [position, line] of whole.split('\n').slice(0, -1).entries()) {
    replay(parseEntry(line, `${path} is damaged in line ${position + 1}. Remove the file to start over.`) as Entry)
  }
  if (whole !== text) truncateSync(path, Buffer.byteLength(whole))
  const write = (file: string, entries: readonly Entry[]): void =>
    appendFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 })
  return {
    append: (entry) => write(path, [entry]),
    rewrite(entries) {
      const next = `${path}.next`
      writeFileSync(next, '', { mode: 0o600 })
      write(next, entries)
      renameSync(next, path)
    },
  }
}

function parseEntry(line: string, ifDamaged: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new Error(ifDamaged, { cause: error })
  }
}

/** Contents of attachments and of whole messages, by their SHA-256. */
export interface Blobs {
  put(content: Buffer): string
  get(sha256: string): Buffer | null
  /** Removes everything else. */
  keepOnly(sha256s: ReadonlySet<string>): void
}

/** Hashes contents and keeps none. */
export const NO_BLOBS: Blobs = { put: hashOf, get: () => null, keepOnly() {} }

export function memoryBlobs(): Blobs {
  const contents = new Map<string, Buffer>()
  return {
    put(content) {
      const sha256 = hashOf(content)
      contents.set(sha256, content)
      return sha256
    },
    get: (sha256) => contents.get(sha256) ?? null,
    keepOnly(sha256s) {
      for (const sha256 of contents.keys()) if (!sha256s.has(sha256)) contents.delete(sha256)
    },
  }
}

export function fileBlobs(dataDirectory: string): Blobs {
  const folder = join(dataDirectory, 'attachments')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    put(content) {
      const sha256 = hashOf(content)
      // The name is not a hash, so `keepOnly` removes what a killed process left unfinished.
      const part = join(folder, `${sha256}.part`)
      writeFileSync(part, content, { mode: 0o600 })
      renameSync(part, join(folder, sha256))
      return sha256
    },
    get(sha256) {
      const path = join(folder, sha256)
      return /^[0-9a-f]{64}$/.test(sha256) && existsSync(path) ? readFileSync(path) : null
    },
    keepOnly(sha256s) {
      for (const name of readdirSync(folder)) if (!sha256s.has(name)) rmSync(join(folder, name))
    },
  }
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
