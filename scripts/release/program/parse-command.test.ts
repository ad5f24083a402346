import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseCommand, USAGE } from './parse-command.ts'

const root = join(import.meta.dirname, '../../..')
const asConfigured = { demo: false, environmentFile: undefined }

it('starts the product when nothing else is asked for', () => {
  expect(parseCommand([])).toEqual({ name: 'start', options: asConfigured })
  expect(parseCommand(['--demo', '--env-file', 'a.env'])).toEqual({
    name: 'start',
    options: { demo: true, environmentFile: 'a.env' },
  })
})

it('prints the checks of doctor as text or as JSON', () => {
  expect(parseCommand(['doctor'])).toEqual({ name: 'doctor', json: false, options: asConfigured })
  expect(parseCommand(['doctor', '--json', '--demo', '--env-file=a.env'])).toEqual({
    name: 'doctor',
    json: true,
    options: { demo: true, environmentFile: 'a.env' },
  })
})

it('hands the words after vault to the vault command', () => {
  expect(parseCommand(['vault', 'status'])).toEqual({ name: 'vault', parameters: ['status'], options: asConfigured })
  expect(parseCommand(['vault', 'forget', 'webhooks', '--yes', '--demo'])).toEqual({
    name: 'vault',
    parameters: ['forget', 'webhooks', '--yes'],
    options: { demo: true, environmentFile: undefined },
  })
})

it('reads what backup and restore take', () => {
  expect(parseCommand(['backup', '--to', 'a.backup', '--with-keys'])).toEqual({
    name: 'backup',
    backup: { to: 'a.backup', withKeys: true },
    options: asConfigured,
  })
  expect(parseCommand(['restore', '--from=a.backup', '--no-resend', '--replace', '--demo'])).toEqual({
    name: 'restore',
    restore: { from: 'a.backup', noResend: true, replace: true },
    options: { demo: true, environmentFile: undefined },
  })
})

it.each([
  ['backup', 'backup needs --to FILE.'],
  ['backup --from a.backup', 'backup does not take --from.'],
  ['backup --to', "Option '--to <value>' argument missing."],
  ['restore a.backup', 'restore does not take a.backup.'],
  ['restore --replace', 'restore needs --from FILE.'],
  ['stop', 'There is no command stop.'],
  ['toString', 'There is no command toString.'],
  ['start now', 'start does not take now.'],
  ['start --yes', 'start does not take --yes.'],
  ['start --json', 'start does not take --json.'],
  ['doctor now', 'doctor does not take now.'],
  ['version --demo', 'version does not take --demo.'],
  ['vault', 'vault needs to be told what to do.'],
  ['vault open', 'vault does not take open.'],
  ['vault rotate now', 'vault rotate does not take now.'],
  ['vault status --yes', 'vault status does not take --yes.'],
  ['vault rotate tokens --yes', 'vault rotate does not take tokens.'],
  [
    'vault forget everything',
    'vault forget does not take everything: name one of tokens, consents, sign-ins, webhooks, messages, all.',
  ],
  ['vault forget tokens webhooks', 'vault does not take webhooks.'],
  ['--env-file', "Option '--env-file <value>' argument missing."],
  ['--env-file --demo', "Option '--env-file' argument is ambiguous."],
  ['--env-file=', '--env-file needs the name of a file.'],
  ['--demo=yes', "Option '--demo' does not take an argument."],
  ['--quiet', "Unknown option '--quiet'."],
])('refuses %s with a reason', (line, reason) => {
  expect(parseCommand(line.split(' '))).toEqual({ name: 'not-understood', reason, options: {} })
})

it('lists no command that the documentation does not name', () => {
  const documents = globSync('docs/*.md', { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8'))
  const commands = [...USAGE.matchAll(/^inforiver-mail \[?([a-z]+(?: (?:status|rotate|forget))?)/gm)].map(
    ([, name]) => name,
  )
  expect(commands).toContain('migrate')
  expect(commands.filter((name) => !documents.some((text) => text.includes(`inforiver-mail ${name}`)))).toEqual([])
})
