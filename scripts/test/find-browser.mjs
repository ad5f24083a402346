import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root, toolEnvironment } from '../start/bootstrap.mjs'

/** In order of preference: the tests take half the time in the headless shell. */
const NAMES = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
]
const DEBIAN_PACKAGES = ['chromium-headless-shell', 'chromium']

/**
 * Finds a Chromium for the browser tests: the machine's own, else Playwright's download, else Debian's package.
 * Returns its path, or null for Playwright's, which Playwright finds by itself.
 */
export function findBrowser() {
  const installed = findOnPath()
  if (installed) return installed
  if (
    tool('playwright', ['install', '--with-deps', 'chromium-headless-shell']) ||
    tool('playwright', ['install', 'chromium-headless-shell'])
  ) {
    return null
  }
  if (
    tool('apt-get', ['update']) &&
    DEBIAN_PACKAGES.some((name) => tool('apt-get', ['install', '--yes', '--no-install-recommends', name]))
  )
    return findOnPath()
  console.error(
    'There is no Chromium for the browser tests and none could be installed. Install Chromium or Chrome, then run npm test again.',
  )
  return null
}

function findOnPath() {
  for (const name of NAMES) {
    for (const directory of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(directory, name)
      if (existsSync(path)) return path
    }
  }
  return null
}

function tool(command, parameters) {
  const { status } = spawnSync(command, parameters, {
    cwd: join(root, 'e2e'),
    env: toolEnvironment,
    stdio: 'ignore',
    timeout: 240_000,
  })
  return status === 0
}
