// npm test: every check and every test, in one command. It is quiet while all is well, and names what is not; no test
// is run a second time. The two test runners share the processors: each uses them while the tests of the other wait, and
// the checks while both do.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { build, install, root, toolEnvironment } from './start/bootstrap.mjs'
import { findBrowser } from './test/find-browser.mjs'
import { beforeEnd, runTool } from './start/run-tool.mjs'

const reports = join(root, 'test-results')
const reportOf = (runner) => join(reports, `${runner}.json`)
const startedAt = performance.now()
/** How much of a runner's output is shown: its end says why it ended. */
const MAX_OUTPUT_CHARACTERS = 6_000
/** Linux keeps this folder in memory. */
const MEMORY = '/dev/shm'
const FOLDER_NAME = /^inforiver-mail-(\d+)$/
/** Several times what the tests' files have at once, since what else runs needs memory too. */
const MEMORY_BYTES = 6 * 1024 ** 3
/** Types are checked by a program in Go, which would spend a tenth of its time on collecting what it still needs. */
const SELDOM_COLLECTED = { GOGC: '400', GOMEMLIMIT: '3GiB' }
let passed = 0
let failed = 0

await install()
await build()
const browser = findBrowser()
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

const environment = makeFolder()
await Promise.all([
  // Lint rules need the types anyway, and one pass over them takes half of what two take.
  check('Types and lint', 'oxlint', ['--type-aware', '--type-check', '--deny-warnings'], SELDOM_COLLECTED),
  check('Types of the build of the page', 'tsc', ['--noEmit', '-p', 'apps/web/tsconfig.build.json']), // the linter's are laxer
  check('Format', 'oxfmt', ['--check', '.']),
  check('Dead code', 'knip', ['--no-progress']),
  suite('Modules and database', {
    command: 'vitest',
    parameters: ['run', '--reporter=scripts/test/vitest-report.mjs'],
    environment: { ...environment, VITEST_REPORT: reportOf('vitest') },
    readReport: () => JSON.parse(readFileSync(reportOf('vitest'), 'utf8')),
  }),
  suite('Browser', {
    command: 'playwright',
    parameters: ['test', '--config', 'e2e/playwright.config.ts', '--reporter=json'],
    environment: {
      ...environment,
      PLAYWRIGHT_JSON_OUTPUT_NAME: reportOf('playwright'),
      BROWSER_EXECUTABLE: browser ?? '',
    },
    readReport: readPlaywright,
  }),
])

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/**
 * Has temporary files kept in memory where there is room: the tests make and drop some 200 databases, each of a thousand
 * files. The folder goes with this process; what a killed one left is removed here.
 */
function makeFolder() {
  try {
    for (const name of readdirSync(MEMORY)) {
      const [, pid] = FOLDER_NAME.exec(name) ?? []
      if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(MEMORY, name), { recursive: true, force: true })
    }
    const { bavail, bsize } = statfsSync(MEMORY)
    const free = process.availableMemory?.() ?? 0 // within what a container permits; Node has it since 20.13
    if (Math.min(bavail * bsize, free) < MEMORY_BYTES) return {}
    const folder = join(MEMORY, `inforiver-mail-${process.pid}`)
    mkdirSync(folder)
    chmodSync(folder, 0o1777) // PostgreSQL runs under another account, if this one is root
    // A PostgreSQL that has just been stopped may still write into it.
    beforeEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
    return { TMPDIR: folder }
  } catch {
    return {} // not on this system: the usual folder does, only slower
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/**
 * Runs a tool that answers with its exit status, below the priority of the tests, which wait for much of their time. With
 * the lowest it would be left over when they have ended, and use one processor then.
 */
async function check(name, command, parameters, environment = {}) {
  const priority = constants.priority.PRIORITY_BELOW_NORMAL
  const { status, output } = await run(name, command, parameters, { environment, priority })
  count(name, status === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [output.trim()] })
}

/** Runs a test runner that writes a report; a test that was left out counts as one that failed. */
async function suite(name, { command, parameters, environment, readReport }) {
  const { status, output } = await run(name, command, parameters, { environment })
  const end = output.trim().slice(-MAX_OUTPUT_CHARACTERS)
  let result
  try {
    result = readReport()
  } catch {
    return count(name, { passed: 0, failures: [`ended without a report:\n${end}`] })
  }
  if (result.failures.length === 0 && status !== 0) result.failures.push(`ended with status ${status}:\n${end}`)
  else if (status !== 0 && end !== '') console.error(`\n${name} also wrote:\n${end}\n`)
  if (result.failures.length === 0 && result.passed === 0) result.failures.push(`ran no test.\n${end}`)
  count(name, result)
}

function count(name, { passed: ok, failures }) {
  passed += ok
  failed += failures.length
  for (const failure of failures) console.error(`\n✗ ${name}: ${failure}\n`)
  if (failures.length === 0) console.log(`✓ ${name} (${ok}, ${secondsSinceStart()} s)`)
}

async function run(name, command, parameters, { environment = {}, priority }) {
  const { status, output, left } = await runTool(command, parameters, {
    cwd: root,
    env: { ...toolEnvironment, NO_COLOR: '1', FORCE_COLOR: '0', ...environment },
    priority,
  })
  if (left !== null) {
    const names = left.length === 0 ? 'a process' : left.join(', ')
    console.error(`\n${name}: ${names} ran on when ${command} had ended, and was killed.\n`)
  }
  return { status, output }
}

function readPlaywright() {
  const { suites, errors } = JSON.parse(readFileSync(reportOf('playwright'), 'utf8'))
  const specs = []
  const walk = (suite, titles) => {
    const path = [...titles, suite.title]
    for (const spec of suite.specs ?? []) specs.push({ title: [...path, spec.title].join(' > '), ...summarize(spec) })
    for (const inner of suite.suites ?? []) walk(inner, path)
  }
  for (const suite of suites) walk(suite, [])
  return {
    passed: specs.filter((spec) => spec.ok).length,
    failures: [
      ...specs.filter((spec) => !spec.ok).map(({ title, message }) => `${title}\n${message}`),
      ...errors.map(({ message }) => `Outside of any test:\n${message}`),
    ],
  }
}

function summarize({ tests }) {
  const results = tests.flatMap((test) => test.results)
  return {
    ok: tests.every((test) => test.status === 'expected') && results.every((result) => result.status === 'passed'),
    message:
      results.flatMap((result) => (result.errors ?? []).map((error) => error.message)).join('\n') || 'It was not run.',
  }
}

function secondsSinceStart() {
  return Math.round((performance.now() - startedAt) / 1_000)
}
