// Everything the project promises, in one command: quiet when it holds, and naming the promise that broke when not.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, root, toolEnvironment } from './bootstrap.mjs'
import { findBrowser } from './find-browser.mjs'

const reports = join(root, 'test-results')
const reportOf = (runner) => join(reports, `${runner}.json`)
const startedAt = performance.now()
/** Of what a runner says: the end of it tells why it ended. */
const MOST_CHARACTERS = 6_000
/** What fails in more than these has a cause. */
const MOST_FILES_RUN_AGAIN = 3
let passed = 0
let failed = 0

await install()
await build()
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
await suite('Modules and database', {
  // The report is silent about errors outside of tests; the dots end with them.
  run: (files) =>
    run('vitest', ['run', ...files, '--reporter=dot', '--reporter=json', `--outputFile.json=${reportOf('vitest')}`]),
  readReport: readVitest,
})
await suite('Browser', {
  run: (files) =>
    run('playwright', ['test', ...files, '--config', 'e2e/playwright.config.ts', '--reporter=json'], {
      PLAYWRIGHT_JSON_OUTPUT_NAME: reportOf('playwright'),
      BROWSER_EXECUTABLE: browser ?? '',
    }),
  readReport: readPlaywright,
})

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** A tool that says yes or no. */
async function check(name, command, parameters) {
  const { status, output } = await run(command, parameters)
  count(name, status === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [output.trim()] })
}

/**
 * A runner that writes a report; a test that was left out counts as one that failed. Of thousands that share a machine
 * with others, one may fail for its neighbours: what fails is run once more by itself, and named even if it passes then.
 */
async function suite(name, runner) {
  const { passed, failed } = await attempt(name, runner, [])
  const files = [...new Set(failed.map(({ file }) => file))]
  const canRunAgain = files.length > 0 && files.length <= MOST_FILES_RUN_AGAIN && !files.includes(null)
  const again = canRunAgain ? (await attempt(name, runner, files)).failed : failed
  const unsteady = failed.filter(({ title }) => !again.some((other) => other.title === title))
  for (const { title, message } of unsteady)
    console.error(`\n~ ${name}: passed only when it was run again: ${title}\n${message}\n`)
  const failures = again.map(({ title, message }) => `${title}\n${message}`)
  count(name, { passed: passed + unsteady.length, failures })
}

/** @returns how many tests passed, and those that failed, `{ title, message, file }`; file null: it is about all of them */
async function attempt(name, runner, files) {
  const { status, output } = await runner.run(files)
  const end = output.trim().slice(-MOST_CHARACTERS)
  const about = (title) => ({ passed: 0, failed: [{ title, message: end, file: null }] })
  let result
  try {
    result = runner.readReport()
  } catch {
    return about(`${name} ended without a report:`)
  }
  if (result.failed.length > 0) return result
  if (status !== 0) return { ...about(`${name} ended with status ${status}:`), passed: result.passed }
  return result.passed === 0 ? about(`${name} ran no test.`) : result
}

function count(name, { passed: ok, failures }) {
  passed += ok
  failed += failures.length
  for (const failure of failures) console.error(`\n✗ ${name}: ${failure}\n`)
  if (failures.length === 0) console.log(`✓ ${name} (${ok}, ${Math.round((performance.now() - startedAt) / 1_000)} s)`)
}

function run(command, parameters, environment = {}) {
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
  const { testResults } = JSON.parse(readFileSync(reportOf('vitest'), 'utf8'))
  const tests = testResults.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })))
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: [
      ...tests
        .filter((test) => test.status !== 'passed')
        .map(({ fullName, status, file, failureMessages = [] }) => ({
          title: `${fullName} (${status}, ${file})`,
          message: failureMessages.join('\n'),
          file,
        })),
      ...broken.map(({ name, message }) => ({ title: name, message, file: name })),
    ],
  }
}

function readPlaywright() {
  const { suites, errors } = JSON.parse(readFileSync(reportOf('playwright'), 'utf8'))
  const specs = []
  const walk = (suite, titles) => {
    const path = [...titles, suite.title]
    for (const spec of suite.specs ?? [])
      specs.push({ title: [...path, spec.title].join(' > '), file: spec.file, ...judge(spec) })
    for (const inner of suite.suites ?? []) walk(inner, path)
  }
  for (const suite of suites) walk(suite, [])
  return {
    passed: specs.filter((spec) => spec.ok).length,
    failed: [
      ...specs.filter((spec) => !spec.ok),
      ...errors.map(({ message }) => ({ title: 'Outside of any test:', message, file: null })),
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
