import { Agent, request } from 'node:http'
import type { Tenant } from './testbed.ts'

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
