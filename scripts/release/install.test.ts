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
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
let directory: string
let destination: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'inforiver-mail install-'))
  destination = join(directory, 'a machine')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** When a release was made: its files are of that time. */
const MADE_AT = new Date('2000-01-01T00:00:00Z')

/** A folder laid out as a release, whose program only tells its version. */
function unpack(version: string): string {
  const release = join(directory, `inforiver-mail-${version}`)
  mkdirSync(join(release, 'bin'), { recursive: true })
  writeFileSync(join(release, 'bin/inforiver-mail'), `#!/bin/sh\necho ${version}\n`)
  chmodSync(join(release, 'bin/inforiver-mail'), 0o755)
  cpSync(join(root, 'deploy'), join(release, 'deploy'), { recursive: true })
  mkdirSync(join(release, 'program'), { recursive: true })
  writeFileSync(join(release, 'program/contents.json'), '{}\n')
  for (const path of readdirSync(release, { recursive: true, encoding: 'utf8' }))
    utimesSync(join(release, path), MADE_AT, MADE_AT)
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
    expect(readdirSync(at('opt/inforiver-mail-1.1.0')).toSorted()).toEqual([
      'CHANGELOG.md',
      'bin',
      'deploy',
      'docs',
      'program',
    ])

    writeFileSync(at('opt/inforiver-mail-1.1.0/inforiver-mail.env'), 'AZURE_CLIENT_SECRET=s3cret', { mode: 0o600 })
    chmodSync(at('opt/inforiver-mail-1.1.0/bin'), 0o700)
    expect(run(at('opt/inforiver-mail-1.1.0'))).toMatchObject({ status: 0, stderr: '' })
    expect(modeOf('opt/inforiver-mail-1.1.0/inforiver-mail.env')).toBe('600')
    expect(modeOf('opt/inforiver-mail-1.1.0/bin')).toBe('755')
  })

  it('knows every file of deploy', () => {
    const entries = readdirSync(join(root, 'deploy'), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
    const [, parts = ''] = /^parts='([^']+)'/m.exec(readFileSync(join(root, 'deploy/install.sh'), 'utf8')) ?? []
    expect(
      parts
        .split(/\s+/)
        .filter((part) => part.startsWith('deploy/'))
        .toSorted(),
    ).toEqual(files.map((path) => relative(root, path)).toSorted())
  })

  it('neither installs nor touches the secrets that lie beside the examples', () => {
    const release = unpack('1.1.0')
    const secrets = ['container/secrets/vault-keys', 'container/.env', 'kubernetes/ours/inforiver-mail.env']
    const filledIn = ['systemd/inforiver-mail.env', 'kubernetes/example/inforiver-mail.env']
    const keep = (folder: string) => {
      for (const path of [...secrets, ...filledIn]) {
        mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o700 })
        writeFileSync(join(folder, path), 's3cret', { mode: 0o600 })
        chmodSync(join(folder, path), 0o600)
      }
    }
    keep(join(release, 'deploy'))
    for (const path of filledIn) chmodSync(join(release, 'deploy', path), 0o644)
    expect(run(release)).toMatchObject({ status: 0, stderr: '' })

    const installed = 'opt/inforiver-mail-1.1.0/deploy'
    for (const path of secrets) expect(existsSync(at(`${installed}/${path}`))).toBe(false)
    for (const path of filledIn) expect(modeOf(`${installed}/${path}`)).toBe('600')
    expect(modeOf(`${installed}/container/compose.yaml`)).toBe('644')

    keep(at(installed))
    chmodSync(at(`${installed}/container/compose.yaml`), 0o600)
    const kept = [...secrets, ...filledIn, 'container/secrets', 'kubernetes/ours']
    // Whatever is done to a file or a folder, also for a moment, shows by when that was.
    const changedAt = () => kept.map((path) => lstatSync(at(`${installed}/${path}`), { bigint: true }).ctimeNs)
    const before = changedAt()
    expect(run(at('opt/inforiver-mail-1.1.0'))).toMatchObject({ status: 0, stderr: '' })
    expect(changedAt()).toEqual(before)
    expect(modeOf(`${installed}/container/compose.yaml`)).toBe('644')
  })

  it.each(['deploy/container/secrets/vault-keys', 'inforiver-mail.env', 'deploy/container/compose.yaml'])(
    'neither replaces nor removes a program folder in which an operator keeps or has filled in %s',
    (path) => {
      const release = unpack('1.1.0')
      run(release)
      const example = existsSync(join(release, path)) ? readFileSync(join(release, path)) : null
      const kept = join('opt/inforiver-mail-1.1.0', path)
      mkdirSync(dirname(at(kept)), { recursive: true })
      writeFileSync(at(kept), 's3cret')

      expect(run(release)).toMatchObject({
        status: 73,
        stderr: expect.stringContaining(`run this again.\n./${path}\n`),
      })
      expect(readFileSync(at(kept), 'utf8')).toBe('s3cret')
      expect(run(release, 'uninstall')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`stays.\n./${path}\n`),
      })
      expect(readFileSync(at(kept), 'utf8')).toBe('s3cret')

      if (example === null) rmSync(at(kept))
      else writeFileSync(at(kept), example)
      expect(run(release)).toMatchObject({ status: 0, stderr: '' })
      expect(run(release, 'uninstall')).toMatchObject({ status: 0, stderr: '' })
      expect(existsSync(at('opt/inforiver-mail-1.1.0'))).toBe(false)
    },
  )

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
