// npm run docs-commands [-- DOCUMENT…]: runs the blocks of commands in the documents as written, and says which it could
// not run, and why. Each document has a clean machine of its own: the files of this one, whose changes are thrown away,
// without a network. That takes root, and a release in release/ (npm run release). It exits with 1 when a block failed,
// or with 2 when it could run none.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VERSION } from '../../apps/api/src/runtime/version.ts'
import { blocksOf, type Block } from './outside/document-blocks.ts'

const root = join(import.meta.dirname, '../..')
/** The languages of commands. What else is in a block, such as configuration, has nothing to run. */
const NEEDS: Readonly<Record<string, string | null>> = {
  sh: null,
  sql: 'it needs an external PostgreSQL',
  powershell: 'it needs Exchange Online',
  bat: 'it needs Windows',
}
const MAX_OUTPUT_CHARACTERS = 2_000

const wanted = process.argv.slice(2)
const documents = ['README.md', 'CONTRIBUTING.md', ...globSync('{docs,deploy,apps}/**/*.md', { cwd: root, exclude })]
  .filter((path) => wanted.length === 0 || wanted.some((name) => path.endsWith(name)))
  .toSorted()
const archive = `release/inforiver-mail-${VERSION}-${process.platform}-${process.arch}.tar.gz`
const obstacle =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'a clean machine takes root on Linux'
    : existsSync(join(root, archive))
      ? null
      : `there is no ${archive}, which npm run release makes`
const count = { run: 0, failed: 0, notRun: 0 }

for (const path of documents) {
  const blocks = blocksOf(readFileSync(join(root, path), 'utf8')).filter(({ language }) => language in NEEDS)
  const runnable = blocks.filter(({ plan }) => plan.kind === 'run' && plan.setting !== 'containers')
  const results = obstacle === null && runnable.length > 0 ? runAll(runnable) : null
  for (const block of blocks) {
    const at = `${path}:${block.line}`
    const result = results?.get(block)
    if (result === undefined) {
      count.notRun++
      console.log(`- ${at} was not run, because ${whyNot(block)}`)
    } else if (result.fault === null) {
      count.run++
      console.log(`✓ ${at}`)
    } else {
      count.failed++
      console.error(`✗ ${at} ${result.fault}\n${result.output.trim().slice(-MAX_OUTPUT_CHARACTERS)}\n`)
    }
  }
}
console.log(`${count.run} blocks of commands were run, ${count.failed} failed, ${count.notRun} were not run.`)
process.exit(count.failed > 0 ? 1 : obstacle === null ? 0 : 2)

function whyNot({ plan, language }: Block): string {
  switch (plan.kind) {
    case 'run':
      if (plan.setting === 'containers') return 'it needs a container engine: npm run outside -- docker runs it'
      return obstacle ?? 'nothing became of it'
    case 'not-run':
      return plan.reason
    case 'unsaid':
      return NEEDS[language] ?? 'nothing above it says in which setting'
  }
}

function runAll(blocks: readonly Block[]): Map<Block, { fault: string | null; output: string }> {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'inforiver-mail-documents-'))
  const walk = join(folder.path, 'walk')
  const at = (block: Block, part: string) => join(walk, 'blocks', `${blocks.indexOf(block)}.${part}`)
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  cpSync(join(import.meta.dirname, 'outside/clean-machine'), walk, { recursive: true })
  mkdirSync(join(walk, 'blocks'))
  mkdirSync(join(walk, 'release'))
  for (const name of [archive, `${archive}.sha256`]) cpSync(join(root, name), join(walk, name))
  for (const block of blocks) {
    if (block.plan.kind !== 'run') continue
    writeFileSync(at(block, 'sh'), block.text)
    writeFileSync(at(block, 'setting'), block.plan.setting)
    writeFileSync(at(block, 'until'), block.plan.until ?? '')
  }
  const namespaces = ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child']
  const { stderr } = spawnSync('unshare', [...namespaces, join(walk, 'enter.sh'), folder.path], { encoding: 'utf8' })
  return new Map(
    blocks.map((block) => {
      const status = read(at(block, 'status')).trim()
      const output = status === '' ? stderr : read(at(block, 'output'))
      return [block, { fault: faultOf(block, status, output), output }]
    }),
  )
}

function faultOf({ plan }: Block, status: string, output: string): string | null {
  if (status !== '0') return status === '' ? 'was not reached.' : `ended with ${status}.`
  if (plan.kind === 'run' && plan.showing !== null && !output.includes(plan.showing))
    return `did not show "${plan.showing}".`
  return null
}

function exclude(path: string): boolean {
  return /(^|\/)(node_modules|decisions)(\/|$)/.test(path)
}
