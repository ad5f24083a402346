import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { BLOCK_MESSAGES } from '../../apps/api/src/queue/search-postings.ts'
import type { Process, Tenant, Testbed } from './testbed.ts'

export interface Submitter {
  /** Resolves to the answer's latency in milliseconds. */
  submit(tenant: Tenant, subject: string): Promise<number>
  close(): void
}

/** Posts messages to one process over keep-alive connections. */
export function createSubmitter(url: string, connections: number): Submitter {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  return {
    submit: (tenant, subject) =>
      new Promise((resolve, reject) => {
        const body = messageBody(subject)
        const startedAt = performance.now()
        const call = request(
          {
            agent,
            hostname,
            port,
            method: 'POST',
            path: '/api/v1/messages',
            headers: {
              authorization: `Bearer ${tenant.serviceKey}`,
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            },
          },
          (response) => {
            response.resume()
            response.once('end', () => {
              if (response.statusCode === 202) resolve(performance.now() - startedAt)
              else reject(new Error(`A submit was answered with ${response.statusCode}.`))
            })
          },
        )
        call.once('error', reject)
        call.end(body)
      }),
    close: () => agent.destroy(),
  }
}

export function messageBody(subject: string): string {
  return JSON.stringify({
    to: [{ address: 'cfo@example.com', name: 'CFO' }],
    subject,
    html: `<p>${'The numbers of the quarter. '.repeat(40)}</p>`,
  })
}

/** Runs `task` for each number below `count`, at most `concurrency` at once. */
export async function inParallel(
  count: number,
  concurrency: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(concurrency, count) }, async () => {
      while (next < count) await task(next++)
    }),
  )
}

/** How many submits a bench has under way. */
export const SUBMITS_AT_ONCE = 64

/** What a process delivers before it is measured: until then V8 still compiles. */
export const WARM_MAILS = 12_000

/** What is submitted: `mails`, for the tenants in turn. */
export interface Load {
  readonly tenants: readonly Tenant[]
  readonly mails: number
  /** How many others of these tenants stay, since they are not due yet. */
  readonly later?: number
}

export async function submitAll({ url }: Process, { tenants, mails }: Load): Promise<void> {
  const submitter = createSubmitter(url, SUBMITS_AT_ONCE)
  await inParallel(mails, SUBMITS_AT_ONCE, async (index) => {
    const tenant = tenants[index % tenants.length]
    if (tenant) await submitter.submit(tenant, `Message ${index}`)
  })
  submitter.close()
}

/** Waits until no more than `left` mails of these tenants are waiting or being sent. */
export async function untilSent({ pool }: Testbed, tenants: readonly Tenant[], left = 0): Promise<void> {
  const ids = tenants.map(({ id }) => id)
  for (;;) {
    const { rows } = await pool.query<{ waiting: boolean }>(
      'SELECT coalesce(sum(queued + sending), 0) > $2 AS waiting FROM mailbox_totals WHERE tenant_id = ANY ($1)',
      [ids, left],
    )
    if (!rows[0]?.waiting) return
    await delay(20)
  }
}

/** Waits until the search index, which is built after the submits, holds all but what is too little for a block. */
export async function untilIndexed({ pool }: Testbed): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ behind: boolean }>(
      'SELECT EXISTS (SELECT FROM mailbox_totals WHERE unindexed >= $1) AS behind',
      [BLOCK_MESSAGES],
    )
    if (!rows[0]?.behind) return
    await delay(100)
  }
}

/** Waits until of each block that is old enough is noted of which messages something is not known. */
export async function untilReviewed({ pool }: Testbed): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ behind: boolean }>(
      'SELECT EXISTS (SELECT FROM search_blocks WHERE review_at <= now()) AS behind',
    )
    if (!rows[0]?.behind) return
    await delay(100)
  }
}

/** Returns the seconds from the first submit until the last mail has been sent. */
export async function deliverAll(testbed: Testbed, product: Process, load: Load): Promise<number> {
  const startedAt = performance.now()
  await submitAll(product, load)
  await untilSent(testbed, load.tenants, load.later)
  return (performance.now() - startedAt) / 1_000
}
