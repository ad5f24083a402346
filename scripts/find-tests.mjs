import { basename } from 'node:path'

/**
 * The test files whose name contains `name`. Of several the one that is called exactly that, if there is one.
 *
 * @param {readonly string[]} files paths from the root of the repository
 * @param {string} ending of a test's file, such as `.test.ts`
 * @param {string | undefined} name
 * @returns {{ files: readonly string[] } | { fault: string }}
 */
export function findTests(files, ending, name) {
  if (!name || name.startsWith('-')) return { fault: 'Name a test file, or a part of its name.' }
  const tests = files.filter((file) => file.endsWith(ending))
  const named = name.endsWith(ending) ? name.slice(0, -ending.length) : name
  const exact = tests.filter((file) => file === name || basename(file, ending) === named)
  const found = exact.length > 0 ? exact : tests.filter((file) => file.includes(named))
  return found.length > 0 ? { files: found } : { fault: `No test file has “${name}” in its name.` }
}
