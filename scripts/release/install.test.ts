import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
let directory: string
let destination: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'inforiver-mail install-'))
  destination = join(directory, 'a machine')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** A folder laid out as a release, whose program only tells its version. */
function unpack(version: string): string {
  const release = join(directory, `inforiver-mail-${version}`)
  mkdirSync(join(release, 'bin'), { recursive: true })
  writeFileSync(join(release, 'bin/inforiver-mail'), `#!/bin/sh\necho ${version}\n`)
  chmodSync(join(release, 'bin/inforiver-mail'), 0o755)
  cpSync(join(root, 'deploy'), join(release, 'deploy'), { recursive: true })
  return release
}

function run(release: string, ...parameters: string[]) {
  const environment = { PATH: process.env['PATH'], DESTDIR: destination }
  return spawnSync(join(release, 'deploy/install.sh'), parameters, { env: environment, encoding: 'utf8' })
}

const at = (path: string) => join(destination, path)
const modeOf = (path: string) => (lstatSync(at(path)).mode & 0o777).toString(8)

describe.runIf(process.platform === 'linux')('deploy/install.sh with DESTDIR', () => {
  it('makes folders, a key, the configuration, the program and the unit', () => {
    const release = unpack('1.1.0')
    chmodSync(join(release, 'bin'), 0o700) // as a strict umask leaves it
    expect(run(release)).toMatchObject({ status: 0, stderr: '' })

    expect(readlinkSync(at('opt/inforiver-mail'))).toBe('inforiver-mail-1.1.0')
    expect(existsSync(at('opt/inforiver-mail/bin/inforiver-mail'))).toBe(true)
    const unit = readFileSync(at('etc/systemd/system/inforiver-mail.service'), 'utf8').split('\n')
    expect(unit).toContainEqual(expect.stringMatching(/^ExecStart=\/opt\/inforiver-mail\//))
    expect(unit).toContain('Restart=always') // a reload during a start stops it, with 0
    expect(readFileSync(at('etc/inforiver-mail/vault-keys'), 'utf8')).toMatch(/^k1:[\w+/]{43}=\n$/)
    expect(modeOf('etc/inforiver-mail/vault-keys')).toBe('600')
    expect(modeOf('etc/inforiver-mail/inforiver-mail.env')).toBe('640')
    expect(modeOf('var/lib/inforiver-mail')).toBe('700')
    expect(modeOf('opt/inforiver-mail-1.1.0/bin')).toBe('755')
  })

  it('keeps key, configuration and data when it is repeated with the next version', () => {
    run(unpack('1.1.0'))
    const key = readFileSync(at('etc/inforiver-mail/vault-keys'), 'utf8')
    writeFileSync(at('etc/inforiver-mail/inforiver-mail.env'), 'SMTP=Office365')
    writeFileSync(at('var/lib/inforiver-mail/kept'), 'data')

    expect(run(unpack('1.2.0'))).toMatchObject({ status: 0, stderr: '' })

    expect(readlinkSync(at('opt/inforiver-mail'))).toBe('inforiver-mail-1.2.0')
    expect(existsSync(at('opt/inforiver-mail-1.1.0'))).toBe(true) // to go back
    expect(readFileSync(at('etc/inforiver-mail/vault-keys'), 'utf8')).toBe(key)
    expect(readFileSync(at('etc/inforiver-mail/inforiver-mail.env'), 'utf8')).toBe('SMTP=Office365')
    expect(readFileSync(at('var/lib/inforiver-mail/kept'), 'utf8')).toBe('data')
  })

  it('takes no data of a demo along, and neither replaces nor removes a program folder that holds data', () => {
    const release = unpack('1.1.0')
    mkdirSync(join(release, '.data'))
    expect(run(release)).toMatchObject({ status: 0 })
    expect(existsSync(at('opt/inforiver-mail-1.1.0/.data'))).toBe(false)

    mkdirSync(at('opt/inforiver-mail-1.1.0/.data'))
    expect(run(release)).toMatchObject({ status: 73, stderr: expect.stringContaining('Move them away') })
    expect(run(release, 'uninstall')).toMatchObject({ status: 0, stdout: expect.stringContaining('the folder stays') })
    expect(existsSync(at('opt/inforiver-mail-1.1.0/.data'))).toBe(true)
  })

  it('installs nothing but the parts of a release, and opens nothing else that lies in its folder', () => {
    const release = unpack('1.1.0')
    writeFileSync(join(release, 'inforiver-mail.env'), 'AZURE_CLIENT_SECRET=s3cret', { mode: 0o600 })
    writeFileSync(join(release, 'with-keys.backup'), 'keys', { mode: 0o600 })
    mkdirSync(join(release, 'docs'))
    writeFileSync(join(release, 'docs/install.md'), '# Installation')
    writeFileSync(join(release, 'CHANGELOG.md'), '# Changelog')
    expect(run(release)).toMatchObject({ status: 0, stderr: '' })
    expect(readdirSync(at('opt/inforiver-mail-1.1.0')).toSorted()).toEqual(['CHANGELOG.md', 'bin', 'deploy', 'docs'])

    writeFileSync(at('opt/inforiver-mail-1.1.0/inforiver-mail.env'), 'AZURE_CLIENT_SECRET=s3cret', { mode: 0o600 })
    chmodSync(at('opt/inforiver-mail-1.1.0/bin'), 0o700)
    expect(run(at('opt/inforiver-mail-1.1.0'))).toMatchObject({ status: 0, stderr: '' })
    expect(modeOf('opt/inforiver-mail-1.1.0/inforiver-mail.env')).toBe('600')
    expect(modeOf('opt/inforiver-mail-1.1.0/bin')).toBe('755')
  })

  it('neither installs nor opens the secrets that lie beside the examples', () => {
    const release = unpack('1.1.0')
    mkdirSync(join(release, 'deploy/container/secrets'), { mode: 0o700 })
    for (const path of ['container/secrets/vault-keys', 'container/.env', 'systemd/inforiver-mail.env'])
      writeFileSync(join(release, 'deploy', path), 's3cret', { mode: 0o600 })
    expect(run(release)).toMatchObject({ status: 0, stderr: '' })

    const installed = 'opt/inforiver-mail-1.1.0/deploy'
    expect(existsSync(at(`${installed}/container/secrets`))).toBe(false)
    expect(existsSync(at(`${installed}/container/.env`))).toBe(false)
    expect(modeOf(`${installed}/systemd/inforiver-mail.env`)).toBe('600')
    expect(modeOf(`${installed}/container/compose.yaml`)).toBe('644')

    mkdirSync(at(`${installed}/container/secrets`), { mode: 0o700 })
    expect(run(at('opt/inforiver-mail-1.1.0'))).toMatchObject({ status: 0, stderr: '' })
    expect(modeOf(`${installed}/container/secrets`)).toBe('700')
    expect(modeOf(`${installed}/systemd/inforiver-mail.env`)).toBe('600')
  })

  it('leaves the folder of an installation from the repository alone, and says what to do', () => {
    mkdirSync(at('opt/inforiver-mail'), { recursive: true })
    writeFileSync(at('opt/inforiver-mail/inforiver-mail.env'), 'SMTP=Office365')

    expect(run(unpack('1.1.0'))).toMatchObject({ status: 73, stderr: expect.stringContaining('Move it away') })

    expect(existsSync(at('opt/inforiver-mail/inforiver-mail.env'))).toBe(true)
    expect(existsSync(at('etc'))).toBe(false)
  })

  it('uninstalls program and unit, and keeps key, configuration and data', () => {
    run(unpack('1.1.0'))
    const release = unpack('1.2.0')
    run(release)
    writeFileSync(at('var/lib/inforiver-mail/kept'), 'data')

    expect(run(release, 'uninstall')).toMatchObject({ status: 0, stderr: '' })
    expect(run(release, 'uninstall')).toMatchObject({ status: 0, stderr: '' })

    for (const path of [
      'opt/inforiver-mail',
      'opt/inforiver-mail-1.1.0',
      'opt/inforiver-mail-1.2.0',
      'etc/systemd/system/inforiver-mail.service',
    ])
      expect(lstatSync(at(path), { throwIfNoEntry: false })).toBeUndefined()
    for (const path of [
      'etc/inforiver-mail/vault-keys',
      'etc/inforiver-mail/inforiver-mail.env',
      'var/lib/inforiver-mail/kept',
    ])
      expect(existsSync(at(path))).toBe(true)
  })

  it('refuses what it does not understand with 64, and does nothing', () => {
    expect(run(unpack('1.1.0'), 'remove').status).toBe(64)
    expect(existsSync(destination)).toBe(false)
  })
})
