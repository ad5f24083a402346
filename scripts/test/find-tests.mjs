import { basename } from 'node:path'

/**
 * The test files whose name contains `name` or, when that contains a slash, whose path does. Of several the one that is
 * called exactly that, if there is one. Upper and lower case count alike.
 *
 * @param {readonly string[]} files paths from the root of the repository
 * @param {string} ending of a test's file, such as `.test.ts`
 * @param {string | undefined} name
 * @returns {{ files: readonly string[] } | { fault: string }}
 */
export function findTests(files, ending, name) {
  if (!name || name.startsWith('-')) return { fault: 'Name a test file, or a part of its name.' }
  const wanted = withoutEnding(name.replaceAll('\\', '/').replace(/^(\.\/)+/, ''), ending).toLowerCase()
  const compared = (file) => withoutEnding(wanted.includes('/') ? file : basename(file), ending).toLowerCase()
  const tests = files.filter((file) => file.endsWith(ending))
  const exact = tests.filter((file) => compared(file) === wanted)
  const found = exact.length > 0 ? exact : tests.filter((file) => compared(file).includes(wanted))
  return found.length > 0 ? { files: found } : { fault: `No test file has “${name}” in its name.` }
}

function withoutEnding(name, ending) {
  return name.endsWith(ending) ? name.slice(0, -ending.length) : name
}
