import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { peakMegabytes } from '../bench/process-memory.ts'
import { GRAPH_MS, type Setting } from '../bench/setting.ts'
import { deliverAll } from '../testbed/submit.ts'
import { startWithoutLimits, type Testbed } from '../testbed/testbed.ts'

const MAILBOXES = 8
const MAILS = 2_000
const WAITING = 1_000_000
const LOOK_EVERY_MS = 50

export const BACKUP_SETTING: Setting = { mailboxes: [MAILBOXES], graphMs: [GRAPH_MS], mails: MAILS, rounds: 1 }

/** Measures a backup of a million waiting messages beside a product that sends, and the restore of it. */
export async function benchBackup(testbed: Testbed): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'inforiver-mail-bench-backup-'))
  try {
    const { tenants, product } = await startWithoutLimits(testbed, 'all', MAILBOXES)
    const deliver = () => deliverAll(testbed, product, { tenants, mails: MAILS })
    await deliver() // warm
    await addWaiting(testbed)
    const rate = async () => Math.round(MAILS / (await deliver()))
    console.log(`sent a second, beside ${WAITING} waiting: ${await rate()}, ${await rate()}`)
    const path = join(folder, 'million.backup')
    const backup = measure(testbed.transfer(['backup', '--to', path]))
    const rates: number[] = []
    const over = new AbortController()
    void backup.finally(() => over.abort())
    while (!over.signal.aborted) rates.push(await rate())
    const made = await backup
    const megabytes = Math.round((await stat(path)).size / 1e6)
    console.log(`a backup of ${megabytes} MB took ${made.seconds} s and at most ${made.megabytes} MB of memory`)
    console.log(`sent a second while it ran: ${rates.join(', ')}`)
    console.log(`sent a second afterwards: ${await rate()}, ${await rate()}`)
    await product.stop()
    const environment = { DATABASE_URL: '', DATA_DIR: join(folder, 'data') }
    const restored = await measure(testbed.transfer(['restore', '--from', path], environment))
    console.log(`its restore took ${restored.seconds} s and at most ${restored.megabytes} MB of memory`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(child: ChildProcess): Promise<{ readonly seconds: number; readonly megabytes: number }> {
  const startedAt = performance.now()
  child.stdout?.pipe(process.stdout, { end: false })
  child.stderr?.pipe(process.stderr, { end: false })
  const exited = once(child, 'exit')
  let megabytes = 0
  while (child.exitCode === null) {
    try {
      megabytes = peakMegabytes({ pid: child.pid ?? 0 }) || megabytes
    } catch {
      break // it has just ended
    }
    await delay(LOOK_EVERY_MS)
  }
  const [code] = await exited
  if (code !== 0) throw new Error(`The command ended with ${String(code)}.`)
  return { seconds: Math.round((performance.now() - startedAt) / 1_000), megabytes }
}

/** Adds messages that are due in a paused mailbox, with contents of a usual size that do not compress. */
async function addWaiting({ pool }: Testbed): Promise<void> {
  await pool.query(`INSERT INTO mailboxes (tenant_id, paused_until) VALUES ('ten_paused', now() + interval '1 day')`)
  await pool.query(
    `WITH waiting AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
       SELECT 'msg_' || md5(n || 'waiting'), 'ten_paused', 'load', '[{"address":"cfo@example.com"}]', 'The numbers of ' || n, now()
         FROM generate_series(1, $1::int) AS n
       RETURNING id, tenant_id
     ), stored AS (
       INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at)
       SELECT id, tenant_id, sha512(id::bytea) || sha512((id || '2')::bytea) || sha512((id || '3')::bytea) || sha512((id || '4')::bytea), 256, now()
         FROM waiting
     )
     INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT id, tenant_id, 'queued', now(), now(), 1, 'small', 0, 'retry', true FROM waiting`,
    [WAITING],
  )
}
