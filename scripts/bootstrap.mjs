// Runs on the Node that the host has (20 or newer), before anything is installed: no dependencies here.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const browserBin = join(root, 'e2e', 'node_modules', '.bin')
const stampFile = join(root, 'node_modules', '.inforiver-mail-installed')
const MANIFESTS = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'apps/api/package.json',
  'apps/m365-simulator/package.json',
  'apps/web/package.json',
  'e2e/package.json',
  'packages/contract/package.json',
  'packages/m365/package.json',
]

/** What the product alone needs to know: no tool that installs, builds or tests gets it. */
const SECRETS = new Set(['AZURE_CLIENT_SECRET', 'DATABASE_URL', 'VAULT_KEYS', 'INFORIVER_SERVICE_KEY', 'METRICS_TOKEN'])

const PATH = [bin, browserBin, process.env.PATH].join(delimiter)

/** The environment of every tool: the project's own Node first on PATH. */
export const toolEnvironment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.has(name))),
  PATH,
  TURBO_TELEMETRY_DISABLED: '1',
}

/** Installs the dependencies, unless what is installed is what the lock file says. */
export function install() {
  const wanted = createHash('sha256')
  for (const file of MANIFESTS) wanted.update(readFileSync(join(root, file)))
  const stamp = wanted.digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  console.log('Installing dependencies (a minute, the first time) …')
  runQuietly('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], 'Installing the dependencies failed')
  writeFileSync(stampFile, stamp)
}

/** Builds what changed since the last build. */
export function build() {
  runQuietly('turbo', ['run', 'build', '--output-logs=errors-only'], 'The build failed')
}

/** Runs a tool of the project; what it prints is shown only when it fails, and then the process ends. */
function runQuietly(command, parameters, failure) {
  const result = spawnSync(command, parameters, {
    cwd: root,
    env: toolEnvironment,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (result.status === 0) return
  console.error(`${failure}:\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`)
  process.exit(1)
}

/** Starts a program of the project on the project's own Node. */
export function startNode(parameters, options = {}) {
  return spawn(join(bin, process.platform === 'win32' ? 'node.cmd' : 'node'), parameters, {
    cwd: root,
    env: { ...process.env, PATH },
    shell: process.platform === 'win32',
    ...options,
  })
}
