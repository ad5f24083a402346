import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { readCommand } from './read-command.ts'

const RUN = 'node scripts/run.mjs '

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-command-'))
  writeFileSync(join(folder, 'other.env'), 'AZURE_CLIENT_ID=66666666-7777-4888-9999-aaaaaaaaaaaa\n', { mode: 0o600 })
})
afterAll(() => rmSync(folder, { recursive: true }))

it.each(['start', 'doctor', 'vault status', 'backup --to a.backup', 'restore --from a.backup'])(
  'has %s take --demo and --env-file, as that of a release',
  (command) => {
    const read = readCommand([...command.split(' '), '--demo', '--env-file', join(folder, 'other.env')])

    expect(read?.readConfig).toThrow(
      '--demo runs with a simulated Microsoft 365, and AZURE_CLIENT_ID would not be used.',
    )
  },
)

it('has npm run each command by the same program', () => {
  const { doctor, vault, backup, restore } = manifest.scripts
  const programs = Object.entries({ doctor, vault, backup, restore })

  expect(programs.map(([name, script]) => script.replace(` ${name}`, ''))).toEqual(
    programs.map(() => `${RUN}scripts/start/command.ts`),
  )
})

it.each([
  ['start', '../launch.ts'],
  ['doctor', 'command.ts', 'doctor'],
])('has %s refuse what that of a release refuses, by the same sentence', (name, program, ...words) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, program), ...words, 'at-once'],
    { cwd: folder, env: { PATH: process.env['PATH'] }, encoding: 'utf8' },
  )

  expect({ status, stdout }).toEqual({ status: 64, stdout: '' })
  expect(stderr).toMatch(new RegExp(`^${name} does not take at-once\\.\n`))
})

it('has a start end as that of a release where starting again is no use', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '../launch.ts')], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: 'none' },
    encoding: 'utf8',
  })

  expect({ status, stderr }).toEqual({ status: 78, stderr: expect.stringContaining('PORT') })
})
