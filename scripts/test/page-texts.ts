// Reads the sources of the page: texts that stand in the code, and ids of the catalogues that are used.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseAst } from 'rolldown/parseAst'

const PAGE = join(import.meta.dirname, '../../apps/web/src')

/** A call that words a text: the ids that it may word, exact or as a pattern, and the values that it gives. */
export interface TextCall {
  readonly line: number
  readonly ids: readonly (string | RegExp)[]
  /** Null when they are not written out. */
  readonly values: readonly string[] | null
  /** True where a missing text is expected. */
  readonly mayBeUnknown: boolean
}

export interface SourceFile {
  /** The path from the sources of the page, with `/`. */
  readonly path: string
  /** Such as `12: Save`. */
  readonly texts: readonly string[]
  readonly calls: readonly TextCall[]
  /** Every string, and a pattern for every template. */
  readonly strings: readonly (string | RegExp)[]
  /** What it imports besides types, when it is loaded. */
  readonly imports: readonly string[]
}

/** Attributes whose value is shown or read aloud. */
const SHOWN = /^(aria-label|aria-description|title|label|alt|hint|heading|intro|loading|advice|confirm|submit)$/
/** Two words, or a word with a capital letter at the beginning. */
const IS_TEXT = /\b[a-z]{2,}[,;:.]? [a-z]{2,}|^[A-Z][a-z]{2}/i
const BEGINS_LIKE_TEXT = /^[A-Z][a-z]{2}/
const HAS_WORDS = /\b[A-Za-z]{2,}[,;:.]? [A-Za-z]{2,}/
const HAS_LETTERS = /\p{L}/u
const STYLES = /^make(Static|Reset)?Styles$/

/** A node of the tree, as far as this file looks at it. */
interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [name: string]: unknown
}

/** All sources of the page besides its tests and catalogues. */
export function readPage(): SourceFile[] {
  return readdirSync(PAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.tsx?$/.test(entry.name))
    .map(({ parentPath, name }) => relative(PAGE, join(parentPath, name)).replaceAll('\\', '/'))
    .filter((path) => !/^(language\/[a-z]{2}\/|test-support\/)/.test(path))
    .map((path) => readSource(path, readFileSync(join(PAGE, path), 'utf8')))
}

export function readSource(path: string, source: string): SourceFile {
  const texts: string[] = []
  const calls: TextCall[] = []
  const strings: (string | RegExp)[] = []
  const imports: string[] = []
  const lineOf = ({ start }: Node) => source.slice(0, start).split('\n').length

  function text(node: Node, value: string): void {
    texts.push(`${lineOf(node)}: ${value.trim().replaceAll(/\s+/g, ' ')}`)
  }

  function visit(node: Node, inStyles: boolean): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration': {
        const from = valueOf(node['source'])
        const isType = node['importKind'] === 'type' || node['exportKind'] === 'type'
        if (from?.startsWith('.') && !isType && bringsValues(node))
          imports.push(join(dirname(path), from).replaceAll('\\', '/'))
        if (node['declaration']) visit(node['declaration'] as Node, inStyles)
        return
      }
      case 'ImportExpression': // loaded later
        return
      case 'NewExpression':
        if (/Error$|^CallFailed$/.test(nameOf(node['callee']))) return // for engineers
        break
      case 'CallExpression': {
        const call = textCall(node, lineOf(node))
        if (call) calls.push(call)
        if (STYLES.test(nameOf(node['callee']))) inStyles = true
        break
      }
      case 'BinaryExpression': // compared with a code or a key
        if (/^[!=]==?$/.test(String(node['operator']))) {
          for (const side of [node['left'], node['right']]) if (valueOf(side) === null) visit(side as Node, inStyles)
          return
        }
        break
      case 'JSXText':
        if (HAS_LETTERS.test(String(node['value']).replaceAll(/&\w+;/g, ''))) text(node, String(node['value']))
        return
      case 'JSXAttribute': {
        const value = valueOf(node['value'])
        if (value === null) break
        strings.push(value)
        if (HAS_LETTERS.test(value) && (SHOWN.test(nameOf(node['name'])) || isText(value))) text(node, value)
        return
      }
      case 'Property':
        // A name of a property is no text, whatever it looks like.
        visit(node['value'] as Node, inStyles)
        if (node['computed'] === true) visit(node['key'] as Node, inStyles)
        return
      case 'Literal': {
        const value = valueOf(node)
        if (value === null) return
        strings.push(value)
        if (!inStyles && isText(value)) text(node, value)
        return
      }
      case 'TemplateLiteral': {
        const pieces = (node['quasis'] as { value: { cooked: string } }[]).map(({ value }) => value.cooked)
        strings.push(patternOf(pieces))
        if (!inStyles && isText(pieces.join('…'))) text(node, pieces.join('…'))
        break
      }
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
        visit(node['expression'] as Node, inStyles)
        return
      default:
        if (node.type.startsWith('TS')) return // types are not shown
    }
    for (const child of childrenOf(node)) visit(child, inStyles)
  }

  visit(parseAst(source, { lang: path.endsWith('x') ? 'tsx' : 'ts' }) as unknown as Node, false)
  return { path, texts, calls, strings, imports }
}

/** The files that are loaded together with `path`. */
export function loadedWith(path: string, files: readonly SourceFile[]): SourceFile[] {
  const found = new Set<string>([path])
  // Iterating a set also visits what is added to it during the loop.
  for (const name of found)
    for (const other of files.find((file) => file.path === name)?.imports ?? []) found.add(other)
  return files.filter((file) => found.has(file.path))
}

export function matches(id: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? wanted === id : wanted.test(id)
}

function isText(value: string): boolean {
  return IS_TEXT.test(value) && (BEGINS_LIKE_TEXT.test(value) || HAS_WORDS.test(value))
}

/** Recognises `t(…)`, `t.rich(…)`, `t.known(…)` and `useTranslate()(…)`. */
function textCall(node: Node, line: number): TextCall | null {
  const callee = node['callee'] as Node
  const method =
    callee.type === 'MemberExpression' && nameOf(callee['object']) === 't' ? nameOf(callee['property']) : null
  const isDirect =
    nameOf(callee) === 't' || (callee.type === 'CallExpression' && nameOf(callee['callee']) === 'useTranslate')
  if (!isDirect && method !== 'rich' && method !== 'known') return null
  const [id, values] = node['arguments'] as (Node | undefined)[]
  return { line, ids: id ? idsOf(id) : [], values: keysOf(values), mayBeUnknown: method === 'known' }
}

function idsOf(node: Node): (string | RegExp)[] {
  const value = valueOf(node)
  if (value !== null) return [value]
  if (node.type === 'ConditionalExpression') {
    return [node['consequent'], node['alternate']].flatMap((branch) => idsOf(branch as Node))
  }
  if (node.type !== 'TemplateLiteral') return []
  return [patternOf((node['quasis'] as { value: { cooked: string } }[]).map((quasi) => quasi.value.cooked))]
}

function keysOf(node: Node | undefined): string[] | null {
  if (!node) return []
  if (node.type !== 'ObjectExpression') return null
  const properties = node['properties'] as Node[]
  return properties.every(({ type }) => type === 'Property') ? properties.map(({ key }) => nameOf(key)) : null
}

/** What a template can become. */
function patternOf(pieces: readonly string[]): RegExp {
  return new RegExp(
    `^${pieces.map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.+')}$`,
    's',
  )
}

/** Whether an import or export brings more than types. */
function bringsValues(node: Node): boolean {
  const specifiers = node['specifiers'] as Node[] | undefined
  if (!specifiers || specifiers.length === 0) return true
  return specifiers.some(({ importKind, exportKind }) => importKind !== 'type' && exportKind !== 'type')
}

function valueOf(node: unknown): string | null {
  const { type, value } = (node ?? {}) as { type?: string; value?: unknown }
  return type === 'Literal' && typeof value === 'string' ? value : null
}

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: unknown; value?: unknown }
  return typeof name === 'string' ? name : typeof value === 'string' ? value : ''
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(isNode)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
