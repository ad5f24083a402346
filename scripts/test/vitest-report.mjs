import { writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

const MAX_DIFF_CHARACTERS = 2_000

/**
 * The reporter of vitest for `npm test`. It prints nothing, and writes to VITEST_REPORT how many tests passed, and what
 * failed: tests, files and hooks, and what nobody caught.
 */
export default class {
  onTestRunEnd(modules, uncaught) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const failures = [
      ...tests.filter((test) => test.result().state !== 'passed').map(describeTest),
      ...modules.flatMap((module) =>
        [module, ...module.children.allSuites()].flatMap((part) =>
          part.errors().map((error) => `${module.moduleId}\n${describeError(error)}`),
        ),
      ),
      ...uncaught.map((error) => `Outside of any test:\n${describeError(error)}`),
    ]
    const report = { passed: tests.filter((test) => test.result().state === 'passed').length, failures }
    writeFileSync(process.env.VITEST_REPORT, JSON.stringify(report))
  }
}

function describeTest(test) {
  const { state, errors = [] } = test.result()
  return `${test.fullName} (${state}, ${test.module.moduleId})\n${errors.map(describeError).join('\n')}`
}

/** The stack says only that two values differ, the diff says how. */
function describeError({ message, stack, diff }) {
  const told = stack || message
  if (!diff) return told
  const plain = stripVTControlCharacters(diff)
  return `${told}\n${plain.length > MAX_DIFF_CHARACTERS ? `${plain.slice(0, MAX_DIFF_CHARACTERS)}…` : plain}`
}
