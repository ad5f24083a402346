import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Control, Process } from './processes.ts'
import type { Tenant } from './tenants.ts'

const LOOK_EVERY_MS = 20
/** How many submits are under way at once. */
export const SUBMITS_AT_ONCE = 64
export const MB = 1024 * 1024
/** Large attachments repeat one random megabyte. */
const PIECE = randomBytes(MB)

/** The mail that is submitted over and over, in JSON. */
export function messageBody(subject: string): string {
  return JSON.stringify({
    to: [{ address: 'cfo@example.com', name: 'CFO' }],
    subject,
    html: `<p>${'The numbers of the quarter. '.repeat(40)}</p>`,
  })
}

/** Posts messages to one process over keep-alive connections. */
export function createSubmitter({ url }: Pick<Process, 'url'>, connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  return {
    submit: (tenant: Tenant, subject: string) =>
      new Promise<void>((resolve, reject) => {
        const body = messageBody(subject)
        const headers = {
          authorization: `Bearer ${tenant.serviceKey}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }
        const call = request(
          { agent, hostname, port, method: 'POST', path: '/api/v1/messages', headers },
          (response) => {
            response.resume()
            response.once('end', () => {
              if (response.statusCode === 202) resolve()
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

export async function submitAll(product: Pick<Process, 'url'>, tenant: Tenant, mails: number): Promise<void> {
  const submitter = createSubmitter(product, SUBMITS_AT_ONCE)
  await inParallel(mails, SUBMITS_AT_ONCE, (index) => submitter.submit(tenant, `Message ${index}`))
  submitter.close()
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

/** How many messages the simulated Microsoft has accepted of everybody. */
export async function countAccepted(control: Control): Promise<number> {
  const { mailboxes } = await control('GET', '/counters')
  const counts = Object.values(mailboxes as Record<string, { accepted: number }>)
  return counts.reduce((sum, { accepted }) => sum + accepted, 0)
}

export async function untilAccepted(control: Control, count: number): Promise<void> {
  while ((await countAccepted(control)) < count) await delay(LOOK_EVERY_MS)
}

/** Submits one attachment of this size to cfo@example.com, and returns the id of the message. */
export async function submitLarge(url: string, { serviceKey }: Tenant, sizeBytes: number): Promise<string> {
  const form = new FormData()
  form.set('message', JSON.stringify({ to: ['cfo@example.com'], subject: 'Large', text: 'Large.' }))
  form.set('attachment', new Blob(Array.from({ length: sizeBytes / MB }, () => PIECE)), 'a.bin')
  const headers = { authorization: `Bearer ${serviceKey}` }
  const response = await fetch(`${url}/api/v1/messages`, { method: 'POST', headers, body: form })
  const text = await response.text()
  if (response.status !== 202) throw new Error(`A large submit was answered with ${response.status}: ${text}`)
  return (JSON.parse(text) as { id: string }).id
}
