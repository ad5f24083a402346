// npm run fuzz [-- COUNT SEED]: sends mutated requests to every operation of the API. The seed repeats a run.
import { randomInt } from 'node:crypto'
import { availableParallelism, loadavg } from 'node:os'
import fc from 'fast-check'
import { Problem } from '../../packages/contract/src/problem.ts'
import { freePort } from '../../packages/m365/src/test-support/free-port.ts'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { exchange, type Answer } from './exchange.ts'
import { findLeftovers } from './leftovers.ts'
import { inspectable, openInspector } from './inspected-process.ts'
import { requestTo, type FuzzedRequest, type Operation } from './request-arbitrary.ts'
import type { Process } from '../testbed/processes.ts'
import { inParallel } from '../testbed/submit.ts'
import { addAdmin } from '../testbed/tenants.ts'
import { openTestbed } from '../testbed/testbed.ts'

const CONCURRENCY = 12
const REQUESTS_PER_SAMPLE = 200
const LONGEST_ANSWER_BYTES = 64_000
const MAY_FAIL_WITH = new Set([503, 507])
const LONGEST_BLOCK_MS = 500
/** Caches and the list of known addresses grow to their bounds, and the allocator keeps some of what was freed. */
const HEAP_MARGIN_MEGABYTES = 8
const RESIDENT_MARGIN_MEGABYTES = 64
const SIGN_OUT = 'POST /api/v1/session/sign-out'
const REPORTED_FAULTS = 20

const [count = 20_000, seed = randomInt(1, 2 ** 31)] = process.argv.slice(2).map(Number)

/**
 * Mutated requests over every operation that `/openapi.json` describes, against a running product: no 5xx but 503 and
 * 507, every failure as problem details, every request answered unless it was broken off, an event loop that goes round,
 * memory back to idle, and no row left behind.
 */
async function fuzz(): Promise<boolean> {
  console.log(`${count} requests, seed ${seed}: npm run fuzz -- ${count} ${seed}`)
  await using testbed = await openTestbed()
  const [sender, admins] = await testbed.addTenants(2)
  if (!sender || !admins) return false
  const inspectorPort = await freePort()
  const product = await testbed.start('all', {
    NODE_OPTIONS: inspectable(inspectorPort),
    TRUST_PROXY: '127.0.0.1', // each request comes from an address of its own, or the rate limit would answer most
    MAILBOX_MESSAGES_PER_MINUTE: '0',
    MAILBOX_RECIPIENTS_PER_DAY: '0',
  })
  /** It signs in again where it is needed, since signing out is an operation as well. */
  const session = await addAdmin(testbed.pool, admins)
  const port = Number(new URL(product.url).port)
  const operations = await readOperations(product)
  const requests = requestTo(operations, {
    serviceKey: sender.serviceKey,
    cookie: session.cookie,
    origin: `http://localhost:${port}`,
  })
  const faults: string[] = []
  const statuses = new Map<number, number>()
  using inspector = await openInspector(inspectorPort)
  const startedAt = performance.now()
  let before = { heapMegabytes: 0, residentMegabytes: 0 }
  let brokenOff = 0

  for (let sent = 0; sent < count && !product.ended; sent += REQUESTS_PER_SAMPLE) {
    // Each sample has a seed of its own, so that it can be repeated without those before it.
    const sampleSeed = seed + sent
    const sample = fc.sample(requests, { seed: sampleSeed, numRuns: Math.min(REQUESTS_PER_SAMPLE, count - sent) })
    await session.renew()
    await inParallel(sample.length, CONCURRENCY, async (index) => {
      const request = sample[index]
      if (!request) return
      const { answer, stuck } = await exchange(port, request)
      if (request.name.startsWith(SIGN_OUT)) await session.renew()
      if (!answer && !request.whole) brokenOff += 1
      if (answer) statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      const fault = findFault(request, answer) ?? (stuck ? 'the next request was not answered' : null)
      if (fault !== null) faults.push(`${fault}: ${request.name} (sample ${sampleSeed}, number ${index})`)
    })
    if (sent === 0) before = await inspector.measureInUse()
  }

  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  const longestBlockMs = product.ended ? 0 : await inspector.longestBlockMs()
  if (product.ended) faults.push('the process ended')
  else if (longestBlockMs > LONGEST_BLOCK_MS && !isOverloaded())
    faults.push(`the event loop stood still for ${longestBlockMs} ms`)
  faults.push(...(await findLeftovers(testbed.pool)))
  const after = product.ended ? before : await inspector.measureInUse()
  if (after.heapMegabytes > before.heapMegabytes + HEAP_MARGIN_MEGABYTES) faults.push('the heap has grown')
  if (after.residentMegabytes > before.residentMegabytes + RESIDENT_MARGIN_MEGABYTES) faults.push('memory has grown')

  for (const fault of faults.slice(0, REPORTED_FAULTS)) console.log(`  ${fault}`)
  if (faults.length > REPORTED_FAULTS) console.log(`  and ${faults.length - REPORTED_FAULTS} more`)
  const seen = [...statuses].toSorted(([one], [other]) => one - other).map(([status, times]) => `${status}: ${times}`)
  console.log(
    `${faults.length === 0 ? '✓' : '✗'} ${count} requests to ${operations.length} operations in ${seconds} s, seed ${seed}; ${seen.join(', ')}; ` +
      `${brokenOff} broken off; event loop blocked for ${longestBlockMs} ms at most${isOverloaded() ? ' on a machine that is busy otherwise' : ''}; heap ${before.heapMegabytes} and then ${after.heapMegabytes} MB, resident ${before.residentMegabytes} and then ${after.residentMegabytes} MB; ${faults.length} faults`,
  )
  return faults.length === 0
}

/** Returns what is wrong with the answer, or null. */
function findFault({ whole }: FuzzedRequest, answer: Answer | null): string | null {
  if (answer === null) return whole ? 'no answer' : null
  const { status, contentType, body } = answer
  if (status >= 500 && !MAY_FAIL_WITH.has(status)) return `${status} ${body.toString().slice(0, 300)}`
  if (status < 400) return null
  if (!contentType.startsWith('application/problem+json')) return `${status} as ${contentType || 'nothing'}`
  if (body.length === 0) return null // of a HEAD
  if (body.length > LONGEST_ANSWER_BYTES) return `${status} of ${body.length} bytes`
  return Problem.safeParse(JSON.parse(body.toString())).success
    ? null
    : `${status} that is no problem: ${body.toString()}`
}

async function readOperations({ url }: Process): Promise<Operation[]> {
  const document = withoutReferences(await (await fetch(`${url}/openapi.json`)).text()) as {
    paths: Record<
      string,
      Record<string, { security: object[]; parameters?: unknown; requestBody?: { content: object } }>
    >
  }
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      credentials: security.flatMap((scheme) => Object.keys(scheme)),
      parameters: parameters as Operation['parameters'],
      bodies: (requestBody?.content ?? {}) as Operation['bodies'],
    })),
  )
}

/** Reads an OpenAPI document and puts every schema in the place of what refers to it. None contains itself. */
function withoutReferences(text: string): unknown {
  const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } }
  const read = (json: string): unknown =>
    JSON.parse(json, (_key, value: unknown) => {
      const reference = typeof value === 'object' && value !== null && '$ref' in value ? String(value.$ref) : ''
      const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(reference) ?? []
      return name === undefined ? value : read(JSON.stringify(components.schemas[name]))
    })
  return read(text)
}

/** Other programs keep the processors busy: a slow answer then proves nothing. */
function isOverloaded(): boolean {
  return (loadavg()[0] ?? 0) > 2 * availableParallelism()
}

exitOnSignals() // what was started stops when the process exits
process.exit((await fuzz()) ? 0 : 1)
