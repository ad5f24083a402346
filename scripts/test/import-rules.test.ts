import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const API = 'apps/api/src'
const PAGE = 'apps/web/src'
const SIMULATOR = 'apps/m365-simulator/src'
const M365 = 'packages/m365/src'

const REFUSED = [
  [`${API}/overview`, '../audit/audit-routes.ts'],
  [`${API}/messages`, '../overview/overview.ts'],
  [`${API}/alerts`, '../compose-background.ts'],
  [`${API}/alerts`, '../configuration/config.ts'],
  [`${API}/alerts`, '../database/database.ts'],
  [`${API}/alerts`, 'pg'],
  [`${API}/alerts`, 'pg/lib/client.js'],
  [`${API}/settings`, './../audit/audit-routes.ts'],
  [`${API}/settings/inner`, '../../audit/audit-routes.ts'],
  [`${API}/a-new-feature`, '../settings/access.ts'],
  [`${API}/backup`, '../settings/settings-store.ts'],
  [`${API}/http`, '../overview/overview.ts'],
  [`${API}/http`, '../compose.ts'],
  [`${API}/queue`, '../delivery-reports/trace-store.ts'],
  [`${API}/queue`, '../alerts/alert.sql.ts'],
  [`${API}/queue`, '../http/problem.ts'],
  [`${API}/queue/owner`, '../../settings/access.ts'],
  [`${API}/queue/owner`, '../../configuration/config.ts'],
  [`${API}/database`, '../queue/queue.ts'],
  [`${API}/http/openapi`, '../../overview/overview.ts'],
  [`${API}/database/embedded`, '../../queue/queue.ts'],
  [`${API}/runtime`, '../configuration/config.ts'],
  [`${API}/domain`, '../runtime/ids.ts'],
  [`${API}/memory`, '../runtime/ids.ts'],
  [`${PAGE}/language`, '../audit/audit-page.tsx'],
  [`${PAGE}/api`, '../ui/dialogs.tsx'],
  [`${PAGE}/ui`, '../session/session.ts'],
  [`${PAGE}/alerts`, '../messages/message-list.tsx'],
  [`${PAGE}/office365-smtp`, '../messages/message-text.ts'],
  [`${PAGE}/a-new-page`, '../messages/list.ts'],
  [`${SIMULATOR}/tenant`, '../graph/drafts.ts'],
  [`${SIMULATOR}/graph`, '../viewer/viewer.ts'],
  [`${SIMULATOR}/a-new-folder`, '../graph/drafts.ts'],
  [`${M365}/mailer`, '../trace/message-trace.ts'],
  [`${M365}/identity`, '../mailer/graph-codes.ts'],
  [`${M365}/trace`, 'pg'],
] as const

const ALLOWED = [
  [`${API}/settings`, '../http/problem.ts'],
  [`${API}/a-new-feature`, '../queue/queue.ts'],
  [`${API}/a-new-feature`, '../domain/alert.ts'],
  [`${API}/a-new-feature`, '../runtime/clock.ts'],
  [`${API}/http/openapi`, '../../memory/shares.ts'],
  [`${API}/database/embedded`, '../../configuration/config.ts'],
  [`${API}/queue`, '../database/failed-alert.sql.ts'],
  [`${API}/queue/records`, '../owner/next.ts'],
  [`${API}/queue/records`, '../../database/failed-alert.sql.ts'],
  [`${PAGE}/ui`, '../language/language.ts'],
  [`${SIMULATOR}/graph`, '../tenant/message.ts'],
  [`${M365}/trace`, '../mailer/graph-codes.ts'],
] as const

/** What the linter says of each import, by the name of its file. */
let faults: ReadonlyMap<string, string>
let folder: string

const nameOf = ([directory, imported]: readonly [string, string]) =>
  `${directory}/from-${imported.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'inforiver-mail-imports-')))
  await copyFile(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  for (const probe of [...REFUSED, ...ALLOWED]) {
    const path = join(folder, nameOf(probe))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `import { thing } from '${probe[1]}'\n\nthing()\n`)
  }
  const output = await new Promise<string>((resolve) => {
    const linter = join(ROOT, 'node_modules', '.bin', 'oxlint')
    // It ends with a status other than zero, since it finds faults.
    execFile(linter, ['--format=json', '.'], { cwd: folder, shell: process.platform === 'win32' }, (_error, stdout) =>
      resolve(stdout),
    )
  })
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string; help: string }[] }
  faults = new Map(
    diagnostics
      .filter(({ code }) => code.includes('no-restricted-imports'))
      .map(({ filename, help }) => [filename.replaceAll('\\', '/').replace(/^\.\//, ''), help]),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the linter', () => {
  it.each(REFUSED)('refuses that %s imports %s, and says why', (directory, imported) => {
    expect(faults.get(nameOf([directory, imported]))).toMatch(/\w \w/)
  })

  it.each(ALLOWED)('lets %s import %s', (directory, imported) => {
    expect(faults.has(nameOf([directory, imported]))).toBe(false)
  })
})
