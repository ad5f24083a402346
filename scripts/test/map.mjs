// Compares the map (docs/map.md) with the folders of sources, and every path in README.md and docs/ with the files.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const SOURCE_FOLDERS = ['apps', 'packages', 'scripts', 'e2e']
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'generated', '.turbo', '.cache'])
const IS_SOURCE = /(?<!\.(test|spec))\.(ts|tsx|mjs)$/
/** Texts, a file for each area and language. */
const IS_CATALOGUE = /\/src\/language\/[a-z]{2}$/
/** The line of a room: its folder, and what happens there with its head files. */
const ROOM = /^- `((?:apps|packages|scripts|e2e)\/[\w./-]*)` — (.+)$/gm
const HEAD = /`([\w.-]+\.(?:ts|tsx|mjs))`/g
/** A path from the root, as a document writes it between backticks. */
const PATH = /`((?:apps|packages|scripts|prisma|e2e|deploy)\/[\w./@-]+\.\w+)`/g

/**
 * Which rooms have no head file on the map, and which rooms and files are named that do not exist.
 *
 * @param {{ map: string, documents?: string[], rooms: string[], exists: (path: string) => boolean }} given
 * map and documents: Markdown; rooms: folders of sources, from the root, with `/` at their end
 */
export function compareMap({ map, documents = [], rooms, exists }) {
  const heads = new Map(
    [...map.matchAll(ROOM)].map(([, room, text]) => [room, [...text.matchAll(HEAD)].map(([, name]) => room + name)]),
  )
  const named = [map, ...documents].flatMap((text) => [...text.matchAll(PATH)].map(([, path]) => path))
  return {
    missing: rooms.filter((room) => !heads.get(room)?.length),
    gone: [...heads.keys(), ...[...heads.values()].flat(), ...named].filter((path) => !exists(path)),
  }
}

/** Compares the map of this repository with its files. */
export function compareRepository() {
  const documents = [join(ROOT, 'README.md'), ...foldersBelow(join(ROOT, 'docs')).flatMap(markdownIn)]
  const rooms = SOURCE_FOLDERS.flatMap((folder) => foldersBelow(join(ROOT, folder)))
    .filter((folder) => readdirSync(folder).some((name) => IS_SOURCE.test(name)))
    .map((folder) => relative(ROOT, folder).replaceAll('\\', '/'))
  return compareMap({
    map: readFileSync(join(ROOT, 'docs/map.md'), 'utf8'),
    documents: documents.map((path) => readFileSync(path, 'utf8')),
    rooms: rooms.filter((room) => !IS_CATALOGUE.test(room)).map((room) => `${room}/`),
    exists: (path) => existsSync(join(ROOT, path)),
  })
}

function markdownIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
}

/** The folder and all below it. */
function foldersBelow(folder) {
  const below = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name),
  )
  return [folder, ...below.flatMap(({ name }) => foldersBelow(join(folder, name)))]
}
