// The first program of a release. It makes sure that the folder is whole before anything else of it is loaded.
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const missing = findMissing()
if (missing !== null) {
  console.error(
    `The folder ${root} is incomplete: ${missing} is missing or cut off. Unpack the archive again, into an empty folder.`,
  )
  process.exit(70)
}
await import('./command.js')

/** Returns the path of a file that is not as it was packed, or null. */
function findMissing() {
  const list = 'program/contents.json'
  let contents
  try {
    contents = JSON.parse(readFileSync(join(root, list), 'utf8'))
  } catch {
    return list
  }
  return Object.keys(contents).find((path) => sizeOf(path) !== contents[path]) ?? null
}

/** A link counts by its own size, which is the length of what it names. */
function sizeOf(path) {
  return lstatSync(join(root, path), { throwIfNoEntry: false })?.size
}
