// npm run release: makes the archive that operators install, in `release/`.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../../apps/api/src/runtime/version.ts'
import { packFolder } from './archive.ts'
import { billOfMaterials } from './bill-of-materials.ts'
import { listComponents } from './components.ts'
import { layOut, writeContents, writeLicences } from './lay-out.ts'

const MAX_PACKED_BYTES = 85e6
const MAX_UNPACKED_BYTES = 230e6

if (process.platform !== 'linux') throw new Error('Releases are made on Linux, for Linux.')

const root = join(import.meta.dirname, '../..')
const release = join(root, 'release')
const name = `inforiver-mail-${VERSION}`
const archiveName = `${name}-${process.platform}-${process.arch}.tar.gz`
const folder = join(release, 'folder', name)

await mkdir(release, { recursive: true })
const { bundled } = await layOut(root, folder)
const components = await listComponents(root, bundled)
await writeLicences(folder, components)
await writeContents(folder)
const archive = await packFolder(folder, join(release, archiveName))
await writeFile(join(release, `${archiveName}.cdx.json`), billOfMaterials(VERSION, components))
await rm(join(release, 'folder'), { recursive: true })
console.log(
  `${archive.path}\n${megabytes(archive.packedBytes)} packed, ${megabytes(archive.unpackedBytes)} unpacked\nSHA-256 ${archive.sha256}`,
)

const changelog = await readFile(join(root, 'CHANGELOG.md'), 'utf8')
if (changelog.includes(`## ${VERSION} (unreleased)`))
  console.warn(`CHANGELOG.md calls ${VERSION} unreleased: this archive is for trials.`)

if (archive.packedBytes > MAX_PACKED_BYTES || archive.unpackedBytes > MAX_UNPACKED_BYTES)
  throw new Error(`It may have ${megabytes(MAX_PACKED_BYTES)} packed and ${megabytes(MAX_UNPACKED_BYTES)} unpacked.`)

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
