// npm run release: makes the archive that operators install, in `release/`.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../apps/api/src/version.ts'
import { packFolder } from './release/archive.ts'
import { layOut, writeContents } from './release/lay-out.ts'

const root = join(import.meta.dirname, '..')
const release = join(root, 'release')
const name = `inforiver-mail-${VERSION}`
const folder = join(release, 'folder', name)

await mkdir(release, { recursive: true })
await layOut(root, folder)
await writeContents(folder)
const archive = await packFolder(folder, join(release, `${name}-${process.platform}-${process.arch}.tar.gz`))
await rm(join(release, 'folder'), { recursive: true })
console.log(
  `${archive.path}\n${megabytes(archive.packedBytes)} packed, ${megabytes(archive.unpackedBytes)} unpacked\nSHA-256 ${archive.sha256}`,
)

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
