import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
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

/** Submits mails for these tenants in turn; returns the seconds from the first submit until the last has been sent. */
export async function deliverAll(
  { pool }: Testbed,
  { url }: Process,
  { tenants, mails, atOnce }: { tenants: readonly Tenant[]; mails: number; atOnce: number },
): Promise<number> {
  const startedAt = performance.now()
  const submitter = createSubmitter(url, atOnce)
  await inParallel(mails, atOnce, async (index) => {
    const tenant = tenants[index % tenants.length]
    if (tenant) await submitter.submit(tenant, `Message ${index}`)
  })
  submitter.close()
  const ids = tenants.map(({ id }) => id)
  for (;;) {
    const { rows } = await pool.query<{ waiting: boolean }>(
      'SELECT coalesce(sum(queued + sending), 0) > 0 AS waiting FROM mailbox_totals WHERE tenant_id = ANY ($1)',
      [ids],
    )
    if (!rows[0]?.waiting) return (performance.now() - startedAt) / 1_000
    await delay(20)
  }
}
