import { parseArgs } from 'node:util'
import type { BackupOptions } from '../../../apps/api/src/backup-command.ts'
import type { ConfigOptions } from '../../../apps/api/src/configuration/config.ts'
import type { RestoreCommandOptions } from '../../../apps/api/src/restore-command.ts'
import { VERSION } from '../../../apps/api/src/runtime/version.ts'
import { LOST_KINDS } from '../../../apps/api/src/vault/lost-kinds.ts'

export const USAGE = `inforiver-mail [start] [--demo]     runs the product
inforiver-mail doctor [--json]      checks the whole set-up, and changes no setting
inforiver-mail vault status         how many stored secrets each key seals
inforiver-mail vault rotate         seals everything stored with the first key
inforiver-mail vault forget [WHAT] [--yes]
                                    lists what can no longer be opened, or gives it up
inforiver-mail backup --to FILE [--with-keys]
                                    writes everything into FILE, while the product runs
inforiver-mail restore --from FILE [--no-resend] [--replace]
                                    puts back what a backup holds: --no-resend fails what waited
                                    instead of sending it, --replace keeps the data that are
                                    there beside the restored ones
inforiver-mail migrate              brings the database to this version, without a start
inforiver-mail version              prints the version
inforiver-mail help                 prints this list

--demo                              with a simulated Microsoft 365
--env-file FILE                     reads FILE instead of inforiver-mail.env in the working folder`

interface Options {
  readonly options: ConfigOptions
}

export type Command =
  | ({ readonly name: 'start' | 'migrate' } & Options)
  | ({ readonly name: 'doctor'; readonly json: boolean } & Options)
  | ({ readonly name: 'vault'; readonly parameters: readonly string[] } & Options)
  | ({ readonly name: 'backup'; readonly backup: BackupOptions } & Options)
  | ({ readonly name: 'restore'; readonly restore: RestoreCommandOptions } & Options)
  | ({ readonly name: 'version' | 'help' } & Options)
  | ({ readonly name: 'not-understood'; readonly reason: string } & Options)

/** One that needs the product's configuration. */
export type Runnable = Exclude<Command, { name: 'not-understood' | 'help' | 'version' }>

/** The status of sysexits.h for a command line that is not understood. */
const STATUS_USAGE = 64

/** Answers what needs no product: how it is used, which version it is. Returns what is to be run, or null. */
export function understand(words: readonly string[], introduction = ''): Runnable | null {
  const command = parseCommand(words)
  switch (command.name) {
    case 'not-understood':
      console.error(`${command.reason}\n\n${introduction}${USAGE}`)
      process.exitCode = STATUS_USAGE
      return null
    case 'help':
      console.log(`${introduction}${USAGE}`)
      return null
    case 'version':
      console.log(VERSION)
      return null
    default:
      return command
  }
}

/** The options that each command takes, and how many words may follow its name. */
const COMMANDS = {
  start: { options: ['demo', 'env-file'], words: [0, 0] },
  doctor: { options: ['demo', 'env-file', 'json'], words: [0, 0] },
  migrate: { options: ['demo', 'env-file'], words: [0, 0] },
  vault: { options: ['demo', 'env-file', 'yes'], words: [1, 2] },
  backup: { options: ['demo', 'env-file', 'to', 'with-keys'], words: [0, 0] },
  restore: { options: ['demo', 'env-file', 'from', 'no-resend', 'replace'], words: [0, 0] },
  version: { options: [], words: [0, 0] },
  help: { options: [], words: [0, 0] },
} as const satisfies Record<string, { options: readonly string[]; words: readonly [number, number] }>

const VAULT_COMMANDS: ReadonlySet<string> = new Set(['status', 'rotate', 'forget'])
const FORGETTABLE: readonly string[] = [...LOST_KINDS, 'all']

export function parseCommand(words: readonly string[]): Command {
  let parsed
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        demo: { type: 'boolean' },
        json: { type: 'boolean' },
        'env-file': { type: 'string' },
        yes: { type: 'boolean' },
        to: { type: 'string' },
        from: { type: 'string' },
        'with-keys': { type: 'boolean' },
        'no-resend': { type: 'boolean' },
        replace: { type: 'boolean' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    })
  } catch (error) {
    return refuse(`${(error as Error).message.split(/\.\s/)[0]?.replace(/\.$/, '')}.`)
  }
  const { help, version, ...values } = parsed.values
  if (help || version) return { name: help ? 'help' : 'version', options: {} }
  const [name = 'start', ...rest] = parsed.positionals
  if (!isCommand(name)) return refuse(`There is no command ${name}.`)
  const { options: known, words: count } = COMMANDS[name]
  const unknown = Object.keys(values).find((option) => !(known as readonly string[]).includes(option))
  if (unknown !== undefined) return refuse(`${name} does not take --${unknown}.`)
  if (values['env-file'] === '') return refuse('--env-file needs the name of a file.')
  if (rest.length < count[0]) return refuse(`${name} needs to be told what to do.`)
  if (rest.length > count[1]) return refuse(`${name} does not take ${rest[count[1]]}.`)
  const options = { demo: values.demo ?? false, environmentFile: values['env-file'] }
  const { to = '', from = '' } = values
  switch (name) {
    case 'doctor':
      return { name, json: values.json ?? false, options }
    case 'vault': {
      const parameters = [...rest, ...(values.yes ? ['--yes'] : [])]
      const fault = vaultFault(parameters)
      return fault === null ? { name, parameters, options } : refuse(fault)
    }
    case 'backup':
      if (to === '') return refuse('backup needs --to FILE.')
      return { name, backup: { to, withKeys: values['with-keys'] ?? false }, options }
    case 'restore': {
      if (from === '') return refuse('restore needs --from FILE.')
      const { 'no-resend': noResend = false, replace = false } = values
      return { name, restore: { from, noResend, replace }, options }
    }
    default:
      return { name, options }
  }
}

/** Returns a sentence about a word that the vault command does not take; null where it takes all. */
function vaultFault([command = '', what]: readonly string[]): string | null {
  if (!VAULT_COMMANDS.has(command)) return `vault does not take ${command}.`
  if (what === undefined) return null
  if (command !== 'forget') return `vault ${command} does not take ${what}.`
  if (what === '--yes' || FORGETTABLE.includes(what)) return null
  return `vault forget does not take ${what}: name one of ${FORGETTABLE.join(', ')}.`
}

function refuse(reason: string): Command {
  return { name: 'not-understood', reason, options: {} }
}

function isCommand(name: string): name is keyof typeof COMMANDS {
  return Object.hasOwn(COMMANDS, name)
}
