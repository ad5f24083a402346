// Runs on the Node that the host has (20 or newer), before anything is installed: no dependencies here.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeFor, pnpmFor, thisHost } from './host.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
const pnpmFolder = join(root, 'scripts', 'pnpm')
const host = thisHost()
const node = nodeFor(root, host)
const pnpm = pnpmFor(pnpmFolder, host)
const bin = join(root, 'node_modules', '.bin')
const browserBin = join(root, 'e2e', 'node_modules', '.bin')
const stampFile = join(root, 'node_modules', '.inforiver-mail-installed')
const MANIFESTS = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  '.pnpmfile.cjs',
  'apps/api/package.json',
  'apps/m365-simulator/package.json',
  'apps/web/package.json',
  'e2e/package.json',
  'packages/contract/package.json',
  'packages/m365/package.json',
  'scripts/pnpm/package.json',
  'scripts/pnpm/package-lock.json',
]

/** What the product alone needs to know: no tool that installs, builds or tests gets it. */
const SECRETS = new Set(['AZURE_CLIENT_SECRET', 'DATABASE_URL', 'VAULT_KEYS', 'INFORIVER_SERVICE_KEY', 'METRICS_TOKEN'])

if (node.fault) fail(node.fault)

const PATH = [bin, browserBin, dirname(pnpm), dirname(node.path), process.env.PATH].join(delimiter)

/** The environment of every tool: the project's own Node first on PATH. */
export const toolEnvironment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.has(name))),
  PATH,
  TURBO_TELEMETRY_DISABLED: '1',
}

/** Installs the dependencies, unless what is installed is what the lock files say. */
export function install() {
  const wanted = createHash('sha256')
  for (const file of MANIFESTS) wanted.update(readFileSync(join(root, file)))
  const stamp = wanted.digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.log('Installing dependencies (a minute, the first time) …')
  const failure = 'Installing the dependencies failed'
  // pnpm's own install script would link what PATH finds anyway.
  const byNpm = runQuietly('npm', ['ci', '--ignore-scripts', '--include=optional', '--no-update-notifier'], failure, {
    cwd: pnpmFolder,
  })
  requireInstalled(pnpm, byNpm, failure)
  const byPnpm = runQuietly('pnpm', ['install', '--frozen-lockfile'], failure)
  if (/integrity check failed/i.test(byPnpm))
    fail(`${failure}: a package does not match its hash in pnpm-lock.yaml.\n${byPnpm}`)
  requireInstalled(node.path, byPnpm, failure)
  writeFileSync(stampFile, stamp)
}

/** Builds what changed since the last build. */
export function build() {
  runQuietly('turbo', ['run', 'build', '--output-logs=errors-only'], 'The build failed')
}

/** Starts a program of the project on the project's own Node. */
export function startNode(parameters, options = {}) {
  return spawn(node.path, parameters, { cwd: root, env: { ...process.env, PATH }, ...options })
}

/** A package of one system is optional, and installers pass over an optional one that does not match its hash. */
function requireInstalled(path, output, failure) {
  if (!existsSync(path)) fail(`${failure}: ${relative(root, path)} is missing.\n${output}`)
}

/** Runs a tool of the project and returns what it prints; where it fails, that is shown and the process ends. */
function runQuietly(command, parameters, failure, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    cwd: root,
    env: toolEnvironment,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    ...options,
  })
  const output = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`
  if (status !== 0) fail(`${failure}:\n${output}`)
  return output
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
