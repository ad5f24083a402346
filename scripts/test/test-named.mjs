import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build, install, root, toolEnvironment } from '../start/bootstrap.mjs'
import { findTests } from './find-tests.mjs'
import { runTool } from '../start/run-tool.mjs'

const IGNORED = /(^|[\\/])(node_modules|dist|\.data|test-results)[\\/]/

/**
 * Finds the tests that the command line names, installs and builds what they need, and runs them.
 *
 * @param {{
 *   usage: string
 *   folders: readonly string[]
 *   ending: string
 *   needs: (files: readonly string[]) => Parameters<typeof build>[0]
 *   runner: (files: readonly string[]) => { command: string, parameters: readonly string[], environment?: object }
 * }} options
 */
export async function runNamedTests({ usage, folders, ending, needs, runner }) {
  const [name, ...more] = process.argv.slice(2)
  const found = findTests(filesIn(folders), ending, name)
  if ('fault' in found) {
    console.error(`${found.fault}\n\nUsage: ${usage}`)
    process.exit(1)
  }
  await install()
  await build(needs(found.files))
  const { command, parameters, environment = {} } = runner(found.files)
  const { status } = await runTool(command, [...parameters, ...more], {
    cwd: root,
    env: { ...toolEnvironment, ...environment },
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

function filesIn(folders) {
  return folders
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
    .filter((file) => !IGNORED.test(file))
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
}
