// Everything the project promises, in one command: quiet when it holds, and naming the promise that broke when not.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, root, toolEnvironment } from './bootstrap.mjs'
import { findBrowser } from './find-browser.mjs'

const reports = join(root, 'test-results')
const startedAt = performance.now()
/** Of what a runner says: the end of it tells why it ended. */
const MOST_CHARACTERS = 6_000
let passed = 0
let failed = 0

install()
build()
const browser = findBrowser()
rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })

await Promise.all([
  check('Types', 'turbo', ['run', 'typecheck', '--output-logs=errors-only']),
  check('Types of the scripts', 'tsc', ['--noEmit', '-p', 'scripts']),
  check('Lint', 'oxlint', ['--type-aware', '--deny-warnings']),
  check('Format', 'oxfmt', ['--check', '.']),
  check('Dead code', 'knip', ['--no-progress']),
])
await suite(
  'Modules and database',
  'vitest',
  // The report is silent about errors outside of tests; the dots end with them.
  ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${join(reports, 'vitest.json')}`],
  {},
  readVitest,
)
await suite(
  'Browser',
  'playwright',
  ['test', '--config', 'e2e/playwright.config.ts', '--reporter=json'],
  { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, 'playwright.json'), BROWSER_EXECUTABLE: browser ?? '' },
  readPlaywright,
)

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** A tool that says yes or no. */
async function check(name, command, parameters) {
  const { status, output } = await run(command, parameters, {})
  count(name, status === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [output.trim()] })
}

/** A runner that writes a report; a test that was left out counts as one that failed. */
async function suite(name, command, parameters, environment, readReport) {
  const { status, output } = await run(command, parameters, environment)
  let result
  try {
    result = readReport()
  } catch {
    result = { passed: 0, failures: [`${name} ended without a report:\n${output.trim()}`] }
  }
  if (status !== 0 && result.failures.length === 0)
    result.failures.push(`${name} ended with status ${status}:\n${output.trim().slice(-MOST_CHARACTERS)}`)
  if (result.passed === 0 && result.failures.length === 0) result.failures.push(`${name} ran no test.`)
  count(name, result)
}

function count(name, { passed: ok, failures }) {
  passed += ok
  failed += failures.length
  for (const failure of failures) console.error(`\n✗ ${name}: ${failure}\n`)
  if (failures.length === 0) console.log(`✓ ${name} (${ok}, ${Math.round((performance.now() - startedAt) / 1_000)} s)`)
}

function run(command, parameters, environment) {
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(command, parameters, {
      cwd: root,
      env: { ...toolEnvironment, NO_COLOR: '1', FORCE_COLOR: '0', ...environment },
      shell: process.platform === 'win32',
    })
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ status: 1, output: String(error) }))
    child.on('close', (status) => resolve({ status, output }))
  })
}

function readVitest() {
  const { testResults } = JSON.parse(readFileSync(join(reports, 'vitest.json'), 'utf8'))
  const tests = testResults.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })))
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failures: [
      ...tests
        .filter((test) => test.status !== 'passed')
        .map((test) => `${test.fullName} (${test.status}, ${test.file})\n${(test.failureMessages ?? []).join('\n')}`),
      ...broken.map((file) => `${file.name}\n${file.message}`),
    ],
  }
}

function readPlaywright() {
  const { suites, errors } = JSON.parse(readFileSync(join(reports, 'playwright.json'), 'utf8'))
  const specs = []
  const walk = (suite, titles) => {
    const path = [...titles, suite.title]
    for (const spec of suite.specs ?? []) specs.push({ title: [...path, spec.title].join(' > '), ...judge(spec) })
    for (const inner of suite.suites ?? []) walk(inner, path)
  }
  for (const suite of suites) walk(suite, [])
  return {
    passed: specs.filter((spec) => spec.ok).length,
    failures: [
      ...specs.filter((spec) => !spec.ok).map((spec) => `${spec.title}\n${spec.message}`),
      ...errors.map((error) => error.message),
    ],
  }
}

function judge({ tests }) {
  const results = tests.flatMap((test) => test.results)
  return {
    ok: tests.every((test) => test.status === 'expected') && results.every((result) => result.status === 'passed'),
    message:
      results.flatMap((result) => (result.errors ?? []).map((error) => error.message)).join('\n') || 'It was not run.',
  }
}
