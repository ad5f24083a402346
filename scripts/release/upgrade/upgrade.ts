// npm run upgrade [-- --sources FOLDER]: builds the last release of docs/releases.json from the history, or takes one that
// is checked out and built, lets it work, kills it, and starts this release on its data; from 2.0.0 on it also exchanges
// the processes one by one. Fails when a message is lost or doubled.
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { compareVersions } from '../../../apps/api/src/database/migrations/release-order.ts'
import { rollBetween } from '../../chaos/rolling.ts'
import { exitOnSignals } from '../../start/exit-on-signals.ts'
import { callApi, compareArrivals, submitJson, untilEnded } from '../../testbed/service.ts'
import { MB, submitLarge } from '../../testbed/submit.ts'
import type { Tenant } from '../../testbed/tenants.ts'
import { openTestbed, THIS_RELEASE, type Testbed } from '../../testbed/testbed.ts'
import { checkOut, lastRelease, removeCheckOut } from './sources.ts'
import { startTraffic } from './traffic.ts'

const FIRST_ROLLING = '2.0.0'
const MAILBOXES = 4
const WORKS_FOR_MS = 5_000
const UPLOADS_WITHIN_MS = 60_000
const SLOWLY_FOR_MS = 3_000
const HELD = 5
const SCHEDULED = 5
const SCHEDULED_FOR_MS = 30_000
const LARGE_BYTES = 12 * MB
/** A message in doubt that was not sent is looked up for eleven minutes. */
const DELIVERED_WITHIN_MS = 15 * 60_000
const ENVIRONMENT = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' }
const FAULT_RATES = { unavailable: 0.02, resetBefore: 0.02, resetAfter: 0.05, gatewayTimeoutAfter: 0.05 }

exitOnSignals() // the processes of both releases, and their database, stop when this one exits
const { values } = parseArgs({ options: { sources: { type: 'string' } } })
const release = await lastRelease()
const { version } = release
if (values.sources !== undefined) process.exit((await upgradeFrom(values.sources)) ? 0 : 1)

await using folder = await mkdtempDisposable(join(tmpdir(), `inforiver-mail-${version}-`))
const sources = join(folder.path, 'sources')
try {
  console.log(`Building version ${version} (${release.commit.slice(0, 7)}) …`)
  await checkOut(release, sources)
  process.exitCode = (await upgradeFrom(sources)) ? 0 : 1
} finally {
  await removeCheckOut(sources)
}

async function upgradeFrom(older: string): Promise<boolean> {
  const right = await stopAndStart(older)
  if (compareVersions(version, FIRST_ROLLING) < 0) return right
  return (await rollBetween(`${version} and this release`, { older, newer: THIS_RELEASE })) && right
}

/** Kills the other release with messages in every state, and starts this one on its data. */
async function stopAndStart(older: string): Promise<boolean> {
  await using testbed = await openTestbed({ migrates: false })
  const startedAt = Date.now()
  const { control } = testbed
  const old = await testbed.startRelease(older, 'all', ENVIRONMENT)
  const tenants = await testbed.addTenants(MAILBOXES, { largeAttachments: true })
  const [disconnected, first, ...others] = tenants
  if (!disconnected || !first) return false
  await setStatus(testbed, disconnected, 'not-configured')
  await control('PATCH', '/settings', {
    latencyMs: 5,
    sentCopyDelayMs: { min: 0, max: 1_000 },
    faultRates: FAULT_RATES,
  })
  let url = old.url
  const traffic = startTraffic([first, ...others], () => [url])
  await delay(WORKS_FOR_MS)

  await control('PATCH', '/settings', { uploadLatencyMs: 5_000 })
  const large = [await submitLarge(url, first, LARGE_BYTES), await submitLarge(url, first, LARGE_BYTES)]
  await untilUploading(testbed)
  // From here on much waits, and much is on its way when the process dies.
  await control('PATCH', '/settings', { latencyMs: 1_000 })
  const sendAt = new Date(Date.now() + SCHEDULED_FOR_MS).toISOString()
  const held = await submit(url, disconnected, HELD)
  const scheduled = await submit(url, first, SCHEDULED, { sendAt })
  await delay(SLOWLY_FOR_MS)
  const states = await readStates(url, tenants)
  await old.kill()

  const upgradedAt = Date.now()
  const current = await testbed.start('all', ENVIRONMENT)
  const seconds = ((Date.now() - upgradedAt) / 1_000).toFixed(1)
  ;({ url } = current)
  await control('PATCH', '/settings', { latencyMs: 5, uploadLatencyMs: 0 })
  await setStatus(testbed, disconnected, 'connected')
  await delay(WORKS_FOR_MS)
  await traffic.stop()
  await control('PATCH', '/settings', { faultRates: {} })
  const left = await untilEnded(() => url, tenants, { withinMs: DELIVERED_WITHIN_MS })
  await current.stop()

  const accepted = [...traffic.accepted, ...large, ...held, ...scheduled]
  const { lost, doubled, arrived } = await compareArrivals(control, accepted)
  const right = left === 0 && lost.length === 0 && doubled.length === 0 && traffic.failures.length === 0
  console.log(
    `${right ? '✓' : '✗'} from ${version}, killed with ${states}; this release was ready after ${seconds} s: ${accepted.length} accepted, ${arrived} arrived, ${lost.length} lost, ` +
      `${doubled.length} doubled, ${left} left; ${traffic.failures.length} requests failed; ${Math.round((Date.now() - startedAt) / 1_000)} s`,
  )
  for (const failure of traffic.failures.slice(0, 10)) console.log(`  ${failure}`)
  return right
}

async function setStatus({ pool }: Testbed, { id }: Tenant, status: string): Promise<void> {
  await pool.query('UPDATE tenant_settings SET status = $2, version = version + 1 WHERE tenant_id = $1', [id, status])
}

async function submit(url: string, tenant: Tenant, count: number, changes: object = {}): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const message = { to: ['someone@example.com'], subject: 'Upgrade', text: 'Upgrade.', ...changes }
    const answer = await callApi(url, tenant, '/messages', submitJson(message, `upgrade-${tenant.id}-${ids.length}`))
    if (answer?.status !== 202) throw new Error(`A submit was answered with ${answer?.status ?? 'nothing'}.`)
    ids.push(answer.json.id)
  }
  return ids
}

async function untilUploading({ control }: Testbed): Promise<void> {
  for (const giveUpAt = Date.now() + UPLOADS_WITHIN_MS; Date.now() < giveUpAt; await delay(100))
    if ((await control('GET', '/uploads')).items.length > 0) return
  throw new Error('No upload has begun.')
}

/** Says how many messages are in which state. */
async function readStates(url: string, tenants: readonly Tenant[]): Promise<string> {
  const counts = { waiting: 0, scheduled: 0, held: 0 }
  for (const tenant of tenants) {
    const { waiting, scheduled, held } = (await callApi(url, tenant, '/overview'))?.json ?? {}
    counts.waiting += waiting.count
    counts.scheduled += scheduled
    counts.held += held.count
  }
  return Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}
