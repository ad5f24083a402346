// Compares the maps (README.md and docs/, decisions apart, and the README.md of what tests share) with the source files.
// `node scripts/test/map.mjs` lists the files that are on no map and the entries whose file is gone; it exits with 1 if there are any.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(import.meta.dirname, '../..')
const SOURCE_FOLDERS = ['apps', 'packages', 'scripts', 'e2e']
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'generated', '.turbo', '.cache'])
const IS_SOURCE = /(?<!\.(test|spec))\.(ts|tsx|mjs)$/
/** The texts of the page, a file for each area and language; the README of the folder has an entry. */
const IS_CATALOGUE = /[\\/]web[\\/]src[\\/]language[\\/][a-z]{2}[\\/]/
/** A path from the root, as a map writes it between backticks. */
const ENTRY = /`((?:apps|packages|scripts|prisma|e2e|deploy)\/[\w./@-]+\.\w+)`/g
/** The map of one folder, which writes the names of its files between backticks. */
const IS_FOLDER_MAP = /[\\/]test-support[\\/]README\.md$/
const NAME = /`([\w.-]+\.ts)`/g
/** Shorter files need no entry. */
const LONGEST_WITHOUT_ENTRY = 60

/**
 * Which long files no map names, and which files a map names that do not exist.
 *
 * @param {{
 *   maps: string[]
 *   folderMaps?: { folder: string, text: string }[]
 *   sources: { path: string, lines: number }[]
 *   exists: (path: string) => boolean
 * }} given maps: Markdown texts; sources and folders: paths from the root, with `/`
 */
export function compareMaps({ maps, folderMaps = [], sources, exists }) {
  const entries = new Set([
    ...maps.flatMap((text) => [...text.matchAll(ENTRY)].map(([, path]) => path)),
    ...folderMaps.flatMap(({ folder, text }) => [...text.matchAll(NAME)].map(([, name]) => `${folder}/${name}`)),
  ])
  return {
    missing: sources
      .filter(({ path, lines }) => lines > LONGEST_WITHOUT_ENTRY && !entries.has(path))
      .map(({ path }) => path),
    gone: [...entries].filter((path) => !exists(path)),
  }
}

/** Compares the maps of this repository with its files. */
export function compareRepository() {
  const files = SOURCE_FOLDERS.flatMap((folder) => filesBelow(join(ROOT, folder)))
  const sources = files.filter((path) => IS_SOURCE.test(path) && !IS_CATALOGUE.test(path))
  const fromRoot = (path) => relative(ROOT, path).replaceAll('\\', '/')
  const maps = [join(ROOT, 'README.md'), ...filesBelow(join(ROOT, 'docs'), 'decisions')].filter((path) =>
    path.endsWith('.md'),
  )
  return compareMaps({
    maps: maps.map((path) => readFileSync(path, 'utf8')),
    folderMaps: files
      .filter((path) => IS_FOLDER_MAP.test(path))
      .map((path) => ({ folder: fromRoot(dirname(path)), text: readFileSync(path, 'utf8') })),
    sources: sources.map((path) => ({
      path: fromRoot(path),
      lines: readFileSync(path, 'utf8').split('\n').length - 1,
    })),
    exists: (path) => existsSync(join(ROOT, path)),
  })
}

function filesBelow(folder, skipped) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isFile()) return path
    return entry.isDirectory() && entry.name !== skipped && !SKIPPED_FOLDERS.has(entry.name)
      ? filesBelow(path, skipped)
      : []
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { missing, gone } = compareRepository()
  for (const path of missing) console.log(`on no map:  ${path}`)
  for (const path of gone) console.log(`gone:       ${path}`)
  if (missing.length + gone.length > 0) process.exit(1)
  console.log('Every source file of more than 60 lines is on a map, and every entry has its file.')
}
