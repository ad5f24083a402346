import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeNextRelease } from '../release/upgrade/sources.ts'
import { startTraffic } from '../release/upgrade/traffic.ts'
import type { Process } from '../testbed/processes.ts'
import { compareArrivals, untilEnded } from '../testbed/service.ts'
import { MB, submitLarge } from '../testbed/submit.ts'
import { openTestbed, THIS_RELEASE } from '../testbed/testbed.ts'

const MAILBOXES = 6
/** How long each pair of releases works together. */
const TOGETHER_MS = 5_000
const LARGE_BYTES = 12 * MB
/** A message in doubt that was not sent is looked up for eleven minutes. */
const DELIVERED_WITHIN_MS = 15 * 60_000
const ENVIRONMENT = { MAILBOX_MESSAGES_PER_MINUTE: '0', MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' }
const FAULT_RATES = { unavailable: 0.02, resetAfter: 0.02, gatewayTimeoutAfter: 0.02 }

/** What the next release might add: columns and an index of busy tables, a table of its own, and a trigger. */
const MIGRATION = {
  name: '20990101000000_next_release',
  sql: `
ALTER TABLE messages ADD COLUMN next_rank TEXT NOT NULL DEFAULT 'normal', ADD COLUMN next_at TIMESTAMPTZ(3);
ALTER TABLE message_queue ADD COLUMN next_rank TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE tenant_settings ADD COLUMN next_policy JSONB;
CREATE INDEX messages_next_at ON messages (tenant_id, next_at) WHERE next_at IS NOT NULL;
CREATE TABLE next_recipients (
  message_id TEXT NOT NULL REFERENCES messages ON DELETE CASCADE, position INTEGER NOT NULL, delivery TEXT NOT NULL,
  PRIMARY KEY (message_id, position));
CREATE FUNCTION keep_next_recipients() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN
  INSERT INTO next_recipients (message_id, position, delivery) VALUES (NEW.id, 0, 'unknown');
  RETURN NULL;
END$$;
CREATE TRIGGER messages_next_recipients AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION keep_next_recipients();
`,
}

/** Rolls from this release to one with another migration, and back. Resolves to whether nothing was lost or doubled. */
export async function runRolling(): Promise<boolean> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'inforiver-mail-next-'))
  await makeNextRelease(folder.path, MIGRATION)
  return await rollBetween('this release and the next one', { older: THIS_RELEASE, newer: folder.path })
}

interface Pair {
  /** Folders of sources. */
  readonly older: string
  readonly newer: string
}

/**
 * Exchanges the processes of one release for those of another while messages are submitted, read, delivered and
 * uploaded, and then goes back.
 */
export async function rollBetween(what: string, { older, newer }: Pair): Promise<boolean> {
  await using testbed = await openTestbed({ migrates: false })
  const startedAt = Date.now()
  await testbed.control('PATCH', '/settings', {
    latencyMs: 5,
    uploadLatencyMs: 1_000,
    sentCopyDelayMs: { min: 0, max: 1_000 },
    faultRates: FAULT_RATES,
  })
  const serving = new Map<string, Process>()
  const api = async (sources: string) => {
    const process = await testbed.startRelease(sources, 'api', ENVIRONMENT)
    serving.set(process.url, process)
    return process
  }
  const stopApi = async (process: Process) => {
    serving.delete(process.url)
    await process.stop()
  }
  const worker = (sources: string) => testbed.startRelease(sources, 'worker', ENVIRONMENT)

  const oldApi = await api(older)
  const tenants = await testbed.addTenants(MAILBOXES, { largeAttachments: true })
  const oldWorkers = [await worker(older), await worker(older)]
  const traffic = startTraffic(tenants, () => [...serving.keys()])
  const large: string[] = []
  const upload = async () => {
    for (const tenant of tenants.slice(0, 2))
      for (const url of serving.keys()) large.push(await submitLarge(url, tenant, LARGE_BYTES))
  }
  await upload()
  await delay(TOGETHER_MS)

  // Forth: the first new process migrates while the old ones work.
  const newWorkers = [await worker(newer)]
  const newApi = await api(newer)
  await upload()
  await delay(TOGETHER_MS)
  await oldWorkers[0]?.stop()
  newWorkers.push(await worker(newer))
  await oldWorkers[1]?.kill()
  await stopApi(oldApi)
  await upload()
  await delay(TOGETHER_MS)

  // Back: the database is ahead of the processes that are started.
  const againWorker = await worker(older)
  const againApi = await api(older)
  await upload()
  await delay(TOGETHER_MS)
  for (const each of newWorkers) await each.stop()
  await stopApi(newApi)
  await delay(TOGETHER_MS)

  await traffic.stop()
  await testbed.control('PATCH', '/settings', { faultRates: {}, uploadLatencyMs: 0 })
  const left = await untilEnded(() => againApi.url, tenants, { withinMs: DELIVERED_WITHIN_MS })
  await againWorker.stop()
  await stopApi(againApi)

  const accepted = [...traffic.accepted, ...large]
  const { lost, doubled, arrived } = await compareArrivals(testbed.control, accepted)
  const { failures } = traffic
  const right = left === 0 && lost.length === 0 && doubled.length === 0 && failures.length === 0
  console.log(
    `${right ? '✓' : '✗'} rolling between ${what}, back and forth: ${accepted.length} accepted, ${large.length} of them uploaded in pieces, ${arrived} arrived, ${lost.length} lost, ${doubled.length} doubled, ` +
      `${left} left; ${traffic.reads()} reads; ${failures.length} requests failed; ${Math.round((Date.now() - startedAt) / 1_000)} s`,
  )
  for (const failure of failures.slice(0, 10)) console.log(`  ${failure}`)
  return right
}
