import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withoutComments } from '../../apps/api/src/test-support/table-writes.ts'

// Whoever wires the product hands in the clocks, timers, chance and ids that it goes by; SQL takes the time from mail_now()
// alone, and draws nothing. Both can be replaced as a whole then.

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = globSync(['apps/api/src/**/*.ts', 'packages/m365/src/**/*.ts'], {
  cwd: ROOT,
  exclude: ['**/*.test.ts', '**/{test-support,scenarios,generated}/**'],
})

const OWN =
  /from 'node:timers|\b(?:setTimeout|setInterval|setImmediate)\(|\bAbortSignal\.timeout\b|\bnew Date\(\)|\bDate\.now\b|\bperformance\.now\b|\bhrtime\b|\bMath\.random\b|\b(?:randomBytes|randomInt|randomUUID|getRandomValues)\b/

const MAY_HAVE_ITS_OWN = [
  ['where they come from', 'apps/api/src/runtime/clock.ts'],
  ['the wiring, which hands them in', 'apps/api/src/{compose,compose-vault,doctor-command}.ts'],
  ['a command, which ends when it is done', 'apps/api/src/vault-command.ts'],
  [
    'makes a key or a password before anything runs',
    'apps/api/src/{vault/vault-keys,configuration/config,database/embedded/postgres-cluster}.ts',
  ],
  [
    'waits for a program of PostgreSQL',
    'apps/api/src/database/embedded/{data-folder,embedded-postgres,postgres-server}.ts',
  ],
  ['a migration, which has no mail_now() yet', 'apps/api/src/database/migrations/migrate.ts'],
  ['times how long a socket is silent', 'apps/api/src/database/pooled-client.ts'],
  ['times how long a socket is silent', 'packages/m365/src/microsoft-fetch.ts'],
  [
    'times how long a socket is silent',
    'apps/api/src/http/{arriving-body,drain,health,heavy-work,problem,request-bodies,unread-bodies,unread-responses}.ts',
  ],
  ['times how long a body waits for memory', 'apps/api/src/memory/body-memory.ts'],
  ['times how long a socket is silent', 'apps/api/src/smtp/login.ts'],
  ['names a request in the log and on the page', 'apps/api/src/{app,http/problem,http/security-headers}.ts'],
  ['decides about lines of the log', 'apps/api/src/runtime/{logger,refusal-limit}.ts'],
  ['asks this machine and the name servers', 'apps/api/src/setup-check/{port-checks,run-checks}.ts'],
].map(([reason = '', files = '']) => ({ reason, files: globSync(files, { cwd: ROOT }) }))

const OWN_IN_SQL =
  /\b(?:clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|gen_random_uuid|uuidv[47]|pg_sleep|setseed|(?:now|random)(?=\(\))|current_(?:timestamp|time|date)|localtime(?:stamp)?)\b/i

const MAY_IN_SQL = [
  ['a migration, which has no mail_now() yet', 'apps/api/src/database/migrations/migrate.ts'],
  ['looks at a database that may have no mail_now()', 'apps/api/src/database/inspect-database.ts'],
  ['compares with what PostgreSQL wrote by its own clock', 'apps/api/src/database/open-transactions.ts'],
  [
    'defines mail_now(), tells statements apart, and has a default that no statement uses',
    'prisma/migrations/*_{baseline,counted_by_statements,search_blocks_contract}/migration.sql',
  ],
].map(([reason = '', files = '']) => ({ reason, files: globSync(files, { cwd: ROOT }) }))

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** What stands in quotes, where all SQL is. */
function quotedIn(source: string): string {
  return (withoutComments(source).match(/`(?:\\.|[^`\\])*`|'(?:\\.|[^'\n\\])*'|"(?:\\.|[^"\n\\])*"/g) ?? []).join('\n')
}

describe.each([
  ['waits, tells the time or draws by itself', SOURCES, OWN, MAY_HAVE_ITS_OWN, withoutComments],
  ['has SQL that tells the time or draws by itself', SOURCES, OWN_IN_SQL, MAY_IN_SQL, quotedIn],
  [
    'is a migration that tells the time or draws by itself',
    globSync('prisma/migrations/*/migration.sql', { cwd: ROOT }),
    OWN_IN_SQL,
    MAY_IN_SQL,
    (sql: string) => sql.replaceAll(/--.*$/gm, ''),
  ],
])('a source that %s', (_what, sources, own, may, textOf) => {
  const found = sources.filter((file) => own.test(textOf(read(file))))

  it('has a reason', () => {
    const known = new Set(may.flatMap(({ files }) => files))
    expect(found.filter((file) => !known.has(file))).toEqual([])
  })

  it('is one of those with a reason, as long as it does', () => {
    const isIdle = (file: string) => sources.includes(file) && !found.includes(file)
    expect(may.filter(({ files }) => files.length === 0 || files.some(isIdle))).toEqual([])
  })
})
