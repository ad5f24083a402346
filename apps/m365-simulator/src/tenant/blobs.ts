import { createHash, randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
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

/** Where pieces go. */
interface Growth {
  append(bytes: Buffer): void
  finish(sha256: string): void
  discard(): void
}

/** Hashes contents and keeps none. */
export const NO_BLOBS = createBlobs(() => ({ append() {}, finish() {}, discard() {} }), {
  get: () => null,
  keepOnly() {},
})

export function memoryBlobs(): Blobs {
  const contents = new Map<string, Buffer>()
  const grow = (): Growth => {
    const pieces: Buffer[] = []
    return {
      append: (bytes) => pieces.push(bytes),
      finish: (sha256) => contents.set(sha256, Buffer.concat(pieces.splice(0))),
      discard: () => pieces.splice(0),
    }
  }
  return createBlobs(grow, {
    get: (sha256) => contents.get(sha256) ?? null,
    keepOnly(sha256s) {
      for (const sha256 of contents.keys()) if (!sha256s.has(sha256)) contents.delete(sha256)
    },
  })
}

export function fileBlobs(dataDirectory: string): Blobs {
  const folder = join(dataDirectory, 'attachments')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const grow = (): Growth => {
    // The name is not a hash, so `keepOnly` removes what a killed process left unfinished.
    const path = join(folder, `${randomUUID()}.part`)
    return {
      append: (bytes) => appendFileSync(path, bytes, { mode: 0o600 }),
      finish: (sha256) => renameSync(path, join(folder, sha256)),
      discard: () => rmSync(path, { force: true }),
    }
  }
  return createBlobs(grow, {
    get(sha256) {
      const path = join(folder, sha256)
      return /^[0-9a-f]{64}$/.test(sha256) && existsSync(path) ? readFileSync(path) : null
    },
    keepOnly(sha256s) {
      for (const name of readdirSync(folder)) if (!sha256s.has(name)) rmSync(join(folder, name))
    },
  })
}

function createBlobs(grow: () => Growth, { get, keepOnly }: Pick<Blobs, 'get' | 'keepOnly'>): Blobs {
  const begin = (): GrowingBlob => {
    const hash = createHash('sha256')
    const growth = grow()
    return {
      append(bytes) {
        hash.update(bytes)
        growth.append(bytes)
      },
      finish() {
        const sha256 = hash.digest('hex')
        growth.finish(sha256)
        return sha256
      },
      discard: () => growth.discard(),
    }
  }
  const put = (content: Buffer): string => {
    const blob = begin()
    blob.append(content)
    return blob.finish()
  }
  return { put, get, begin, keepOnly }
}
