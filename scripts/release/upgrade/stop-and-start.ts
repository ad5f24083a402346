import { setTimeout as delay } from 'node:timers/promises'
import { submitLarge } from '../../bench/large.ts'
import { openTestbed, type Tenant, type Testbed } from '../../testbed/testbed.ts'
import { compareArrivals, untilDelivered } from './outcome.ts'
import { startTraffic } from './traffic.ts'

const MAILBOXES = 4
const WORKS_FOR_MS = 5_000
const UPLOADS_WITHIN_MS = 60_000
const SLOWLY_FOR_MS = 3_000
const HELD = 5
const SCHEDULED = 5
const SCHEDULED_FOR_MS = 30_000
const LARGE_BYTES = 12 * 1024 * 1024
const ENVIRONMENT = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' }
const FAULT_RATES = { unavailable: 0.02, resetBefore: 0.02, resetAfter: 0.05, gatewayTimeoutAfter: 0.05 }

/**
 * Lets another release work, kills it with messages in every state, and starts this release on its data. Resolves to
 * whether nothing was lost or doubled.
 *
 * @param sources the folder of the other release
 */
export async function stopAndStart(version: string, sources: string): Promise<boolean> {
  const testbed = await openTestbed(undefined, undefined, { migrates: false })
  try {
    return await upgrade(testbed, version, sources)
  } finally {
    await testbed.close()
  }
}

async function upgrade(testbed: Testbed, version: string, sources: string): Promise<boolean> {
  const startedAt = Date.now()
  const old = await testbed.startRelease(sources, 'all', ENVIRONMENT)
  const tenants = await testbed.addTenants(MAILBOXES, { largeAttachments: true })
  const [disconnected, ...connected] = tenants
  if (!disconnected) return false
  await setStatus(testbed, disconnected, 'not-configured')
  await testbed.control('PATCH', '/settings', {
    latencyMs: 5,
    sentCopyDelayMs: { min: 0, max: 1_000 },
    faultRates: FAULT_RATES,
  })
  let url = old.url
  const traffic = startTraffic(connected, () => [url])
  await delay(WORKS_FOR_MS)

  const first = connected[0] ?? disconnected
  await testbed.control('PATCH', '/settings', { uploadLatencyMs: 5_000 })
  const large = [await submitLarge(url, first, LARGE_BYTES), await submitLarge(url, first, LARGE_BYTES)]
  await untilUploading(testbed)
  // From here on much waits, and much is on its way when the process dies.
  await testbed.control('PATCH', '/settings', { latencyMs: 1_000 })
  const sendAt = new Date(Date.now() + SCHEDULED_FOR_MS).toISOString()
  const held = await submit(url, disconnected, HELD)
  const scheduled = await submit(url, first, SCHEDULED, { sendAt })
  await delay(SLOWLY_FOR_MS)
  await old.kill()
  const states = await readStates(testbed)

  const upgradedAt = Date.now()
  const current = await testbed.start('all', ENVIRONMENT)
  const seconds = ((Date.now() - upgradedAt) / 1_000).toFixed(1)
  ;({ url } = current)
  await testbed.control('PATCH', '/settings', { latencyMs: 5, uploadLatencyMs: 0 })
  await setStatus(testbed, disconnected, 'connected')
  await delay(WORKS_FOR_MS)
  await traffic.stop()
  await testbed.control('PATCH', '/settings', { faultRates: {} })
  const left = await untilDelivered(testbed)
  await current.stop()

  const accepted = [...traffic.accepted, ...large, ...held, ...scheduled]
  const { lost, doubled, arrived } = await compareArrivals(testbed, accepted)
  const right = left === 0 && lost.length === 0 && doubled.length === 0 && traffic.failures.length === 0
  console.log(
    `${right ? '✓' : '✗'} from ${version}, killed with ${states}; this release was ready after ${seconds} s: ${accepted.length} accepted, ${arrived} arrived, ${lost.length} lost, ` +
      `${doubled.length} doubled, ${left} left; ${traffic.failures.length} requests failed; ${Math.round((Date.now() - startedAt) / 1_000)} s`,
  )
  for (const failure of traffic.failures.slice(0, 10)) console.log(`  ${failure}`)
  return right
}

async function setStatus(testbed: Testbed, { id }: Tenant, status: string): Promise<void> {
  await testbed.pool.query('UPDATE tenant_settings SET status = $2, version = version + 1 WHERE tenant_id = $1', [
    id,
    status,
  ])
}

async function submit(url: string, { serviceKey }: Tenant, count: number, changes: object = {}): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const response = await fetch(`${url}/api/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: ['someone@example.com'], subject: 'Upgrade', text: 'Upgrade.', ...changes }),
    })
    if (response.status !== 202) throw new Error(`A submit was answered with ${response.status}.`)
    ids.push(((await response.json()) as { id: string }).id)
  }
  return ids
}

async function untilUploading(testbed: Testbed): Promise<void> {
  const giveUpAt = Date.now() + UPLOADS_WITHIN_MS
  while (Date.now() < giveUpAt) {
    const { rows } = await testbed.pool.query('SELECT 1 FROM message_states WHERE uploading LIMIT 1')
    if (rows.length > 0) return
    await delay(100)
  }
  throw new Error('No upload has begun.')
}

/** Says how many messages are in which state, in the tables of the release that has left them. */
async function readStates(testbed: Testbed): Promise<string> {
  const { rows } = await testbed.pool.query<{ state: string; count: number }>(STATES)
  return rows.map(({ state, count }) => `${count} ${state}`).join(', ')
}

const STATES = `
SELECT CASE WHEN uploading THEN 'being uploaded' WHEN doubt <> 'none' THEN 'in doubt' ELSE status END AS state, count(*)::int AS count
  FROM message_states GROUP BY 1 ORDER BY 1`
