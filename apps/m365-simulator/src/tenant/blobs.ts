import { createHash, randomUUID } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

/** Attachment contents, stored by their SHA-256. */
export interface Blobs {
  put(content: Buffer): string
  get(sha256: string): Buffer | null
  /** Starts content that arrives in pieces. */
  begin(): GrowingBlob
  /** Removes everything else. */
  keepOnly(sha256s: ReadonlySet<string>): void
}

/** Content that arrives in pieces and is invisible until it is whole. A restart discards what is unfinished. */
export interface GrowingBlob {
  append(bytes: Buffer): void
  /** Returns the SHA-256 under which the content can now be read. */
  finish(): string
  discard(): void
}

/** Hashes contents and keeps none. */
export const NO_BLOBS: Blobs = {
  put: hashOf,
  get: () => null,
  begin: () => growing({ append: () => {}, finish: () => {}, discard: () => {} }),
  keepOnly() {},
}

export function memoryBlobs(): Blobs {
  const contents = new Map<string, Buffer>()
  return {
    put(content) {
      const sha256 = hashOf(content)
      contents.set(sha256, content)
      return sha256
    },
    get: (sha256) => contents.get(sha256) ?? null,
    begin() {
      const pieces: Buffer[] = []
      return growing({
        append: (bytes) => pieces.push(bytes),
        finish: (sha256) => contents.set(sha256, Buffer.concat(pieces.splice(0))),
        discard: () => pieces.splice(0),
      })
    },
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
      const path = join(folder, sha256)
      if (!existsSync(path)) {
        // Renaming into place keeps a killed process from leaving half-written content under its hash.
        writeFileSync(`${path}.part`, content, { mode: 0o600 })
        renameSync(`${path}.part`, path)
      }
      return sha256
    },
    get(sha256) {
      const path = join(folder, sha256)
      return /^[0-9a-f]{64}$/.test(sha256) && existsSync(path) ? readFileSync(path) : null
    },
    begin() {
      // The name is not a hash, so `keepOnly` removes an unfinished file.
      const path = join(folder, `${randomUUID()}.part`)
      return growing({
        append: (bytes) => appendFileSync(path, bytes, { mode: 0o600 }),
        finish: (sha256) => renameSync(path, join(folder, sha256)),
        discard: () => rmSync(path, { force: true }),
      })
    },
    keepOnly(sha256s) {
      for (const name of readdirSync(folder)) if (!sha256s.has(name)) rmSync(join(folder, name))
    },
  }
}

interface Growth {
  readonly append: (bytes: Buffer) => void
  readonly finish: (sha256: string) => void
  readonly discard: () => void
}

function growing({ append, finish, discard }: Growth): GrowingBlob {
  const hash = createHash('sha256')
  return {
    append(bytes) {
      hash.update(bytes)
      append(bytes)
    },
    finish() {
      const sha256 = hash.digest('hex')
      finish(sha256)
      return sha256
    },
    discard,
  }
}

function hashOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}
