import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const REPORTER = join(import.meta.dirname, 'vitest-report.mjs')
const TESTS = `
it('passes', () => {})
it('fails', () => { throw new Error('the test failed') })
it('differs', () => { expect({ status: 'held', text: 'x'.repeat(100_000) }).toEqual({ status: 'sent' }) })
it.skip('is left out', () => {})
describe('after a hook', () => {
  beforeAll(() => { throw new Error('the hook failed') })
  it('is not run', () => {})
})
void Promise.reject(new Error('nobody caught this'))`

// It starts another vitest, which takes a while on a busy machine.
it('names failed tests as well as what failed outside of them', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-vitest-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const report = join(folder, 'report.json')
  writeFileSync(join(folder, 'some.test.js'), TESTS)
  const parameters = ['run', '--globals', '--root', folder, '--reporter', REPORTER]
  const environment = { PATH: process.env['PATH'], VITEST_REPORT: report, FORCE_COLOR: '1' }

  const outcome = promisify(execFile)('vitest', parameters, { env: environment })

  await expect(outcome).rejects.toMatchObject({ code: 1, stdout: '', stderr: '' })
  const told = JSON.parse(readFileSync(report, 'utf8'))
  expect(told).toEqual({
    passed: 1,
    failures: [
      expect.stringMatching(/^fails \(failed, .*some\.test\.js\)\nError: the test failed/),
      expect.stringMatching(
        /^differs \(failed, [^]*AssertionError: expected[^]*\n- {3}"status": "sent",\n\+ {3}"status": "held",\n/,
      ),
      expect.stringMatching(/^is left out \(skipped, /),
      expect.stringMatching(/^after a hook > is not run \(skipped, /),
      expect.stringMatching(/some\.test\.js\nError: the hook failed/),
      expect.stringMatching(/^Outside of any test:\nError: nobody caught this/),
    ],
  })
  const [, differs] = told.failures
  expect(differs).not.toContain('\u{1b}')
  expect(differs.length).toBeLessThan(4_000)
})
