import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { create } from 'tar'
import { listFiles } from './lay-out.ts'

/** The time of every entry. Before 1980 some programs that unpack complain. */
const ENTRY_TIME = new Date('2000-01-01T00:00:00Z')

export interface Archive {
  readonly path: string
  readonly sha256: string
  readonly packedBytes: number
  readonly unpackedBytes: number
}

/**
 * Packs a folder, and writes its checksum beside the archive. The same contents give the same bytes: entries are sorted,
 * and carry neither owner nor time.
 */
export async function packFolder(folder: string, path: string): Promise<Archive> {
  const parent = dirname(folder)
  const files = (await listFiles(folder)).map((file) => `${basename(folder)}/${file}`)
  await create(
    {
      file: `${path}.part`,
      cwd: parent,
      gzip: { level: 9 },
      portable: true,
      mtime: ENTRY_TIME,
      noDirRecurse: true,
      // Two names of one file would become a link only where the file system made them one.
      onWriteEntry: (entry) => {
        if (entry.type === 'Link') throw new Error(`${entry.path} is a hard link.`)
      },
    },
    files,
  )
  await rename(`${path}.part`, path)
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const sha256 = hash.digest('hex')
  await writeFile(`${path}.sha256`, `${sha256}  ${basename(path)}\n`)
  let unpackedBytes = 0
  for (const file of files) unpackedBytes += (await lstat(join(parent, file))).size
  return { path, sha256, packedBytes: (await stat(path)).size, unpackedBytes }
}
