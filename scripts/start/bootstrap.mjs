// Installs and builds what is missing. Runs on the host's Node (20 or newer) before anything is installed: no
// dependencies.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeFor, pnpmFor, thisHost } from './host.mjs'
import { runTool } from './run-tool.mjs'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const pnpmFolder = join(root, 'scripts', 'pnpm')
const host = thisHost()
const node = nodeFor(root, host)
const pnpm = pnpmFor(pnpmFolder, host)
const bin = join(root, 'node_modules', '.bin')
const browserBin = join(root, 'e2e', 'node_modules', '.bin')
const compileCache = join(root, 'node_modules', '.cache', 'node')
const playwrightCache = join(root, 'node_modules', '.cache', 'playwright')
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
  'packages/client/package.json',
  'packages/contract/package.json',
  'packages/m365/package.json',
  'scripts/pnpm/package.json',
  'scripts/pnpm/package-lock.json',
]

/** A build that takes no longer is not mentioned. */
const SAID_AFTER_MS = 1_500

/**
 * Secrets of the product, which no tool that installs, builds or tests receives: those of the API's environment.ts, which
 * cannot be loaded yet. HTTPS_PROXY, which may hold a password, is left to them, since it may be the way to the registry.
 */
const SECRETS = new Set([
  'AZURE_CLIENT_SECRET',
  'DATABASE_URL',
  'VAULT_KEYS',
  'INFORIVER_SERVICE_KEY',
  'METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
])

if (node.fault) fail(node.fault)

const PATH = [bin, browserBin, dirname(node.path), process.env.PATH].join(delimiter)

/**
 * Every tool gets this environment. The project's own Node is first on PATH, and Node keeps compiled modules for the next
 * process: tests start many processes of the product, each of which would spend half a second compiling. Playwright keeps
 * what it has translated, else in the folder for temporary files, which each run of all tests has anew.
 */
export const toolEnvironment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.has(name))),
  PATH,
  NODE_COMPILE_CACHE: compileCache,
  PLAYWRIGHT_TRANSFORM_CACHE_DIR: playwrightCache,
  TURBO_TELEMETRY_DISABLED: '1',
}

/** Installs the dependencies unless the manifests and lock files are those of the last installation. */
export async function install() {
  const wanted = createHash('sha256')
  for (const file of MANIFESTS) wanted.update(readFileSync(join(root, file)))
  const stamp = wanted.digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.log('Installing dependencies (a minute, the first time) …')
  const failure = 'Installing the dependencies failed'
  await installPnpm(failure)
  const output = await runQuietly(pnpm, ['install', '--frozen-lockfile'], failure, { shell: false })
  if (/integrity check failed/i.test(output)) {
    fail(`${failure}: a package does not match its hash in pnpm-lock.yaml.\n${output}`)
  }
  requireInstalled(node.path, output, failure)
  linkPnpm()
  writeFileSync(stampFile, stamp)
}

const PRODUCT = ['--filter=@inforiver-mail/api', '--filter=@inforiver-mail/web']
const BUILDS = {
  everything: ['build'],
  /** What a product needs that serves the page. */
  product: ['generate', 'build', ...PRODUCT],
  /** What the sources import. */
  generated: ['generate'],
}

/**
 * Builds what changed since the last build.
 *
 * @param {keyof typeof BUILDS} what
 */
export async function build(what = 'everything') {
  const progress = setTimeout(() => console.log('Building …'), SAID_AFTER_MS)
  await runQuietly('turbo', ['run', ...BUILDS[what], '--output-logs=errors-only'], 'The build failed')
  clearTimeout(progress)
}

/** Starts a program of the project on the project's own Node. */
export function startNode(parameters, options = {}) {
  return spawn(node.path, parameters, { cwd: root, env: { ...process.env, PATH }, ...options })
}

async function installPnpm(failure) {
  const parameters = ['ci', '--ignore-scripts', '--include=optional', '--no-update-notifier']
  const output = await runQuietly('npm', parameters, failure, {
    cwd: pnpmFolder,
    // npm finds its global configuration beside the Node that runs it, which has to be the host's.
    env: { ...toolEnvironment, PATH: process.env.PATH },
  })
  requireInstalled(pnpm, output, failure)
}

/** Turbo needs pnpm on PATH, even when npm runs it. */
function linkPnpm() {
  const link = join(bin, basename(pnpm))
  rmSync(link, { force: true })
  linkSync(pnpm, link)
}

/** Platform packages are optional, and installers silently skip an optional package whose hash does not match. */
function requireInstalled(path, output, failure) {
  if (existsSync(path)) return
  const missing = relative(root, path)
  fail(`${failure}: ${missing} is missing. Its package does not match its hash, or could not be fetched.\n${output}`)
}

/** Runs a tool and returns its output; when it fails, prints the output and exits. */
async function runQuietly(command, parameters, failure, options = {}) {
  const { status, output } = await runTool(command, parameters, { cwd: root, env: toolEnvironment, ...options })
  if (status !== 0) fail(`${failure}:\n${output}`)
  return output
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
