import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Attachment contents, by their SHA-256. */
export interface Blobs {
  put(content: Buffer): string
  get(sha256: string): Buffer | null
  /** Removes everything else. */
  keepOnly(sha256s: ReadonlySet<string>): void
}

/** Keeps nothing. */
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
      const path = join(folder, sha256)
      if (!existsSync(path)) {
        // Renamed into place, so that a killed process leaves no half-written content under a good name.
        writeFileSync(`${path}.part`, content, { mode: 0o600 })
        renameSync(`${path}.part`, path)
      }
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
