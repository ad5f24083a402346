import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'

// Stands between the code and what this machine does by itself: timers that libraries set, and cryptography in threads.

/** The process on whose behalf code runs. Nothing is simulated outside of any. */
export const host = new AsyncLocalStorage<object>()

let underWay = 0
let last: Promise<unknown> = Promise.resolve()

/** How many operations have begun and not been answered. */
export const busy = (): number => underWay

/** Counts what is read from files, for example, as under way. */
export async function awaitMachine<Result>(work: Promise<Result>): Promise<Result> {
  underWay++
  try {
    return await work
  } finally {
    underWay--
  }
}

/** Once per Node process. */
export function installMachine(): void {
  stopTimers()
  countImmediates()
  installCryptography()
  forgetModules()
}

const NEVER = { ref: () => NEVER, unref: () => NEVER }

/** The product waits by the timers that it is given. Those of libraries end a wait for what does not answer: here it does. */
function stopTimers(): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const real = globalThis[name] as (...values: unknown[]) => unknown
    Object.assign(globalThis, { [name]: (...values: unknown[]) => (host.getStore() ? NEVER : real(...values)) })
  }
}

/** What waits for the next turn of the event loop is under way. */
function countImmediates(): void {
  const real = setImmediate
  const cleared = new WeakSet<object>()
  const begin = (call: (...values: unknown[]) => void, ...values: unknown[]) => {
    underWay++
    const immediate = real(() => {
      underWay--
      if (!cleared.has(immediate)) call(...values)
    })
    return immediate
  }
  Object.assign(globalThis, { setImmediate: begin, clearImmediate: (immediate: object) => cleared.add(immediate) })
  Object.assign(timersPromises, { setImmediate: () => new Promise((resolve) => void begin(resolve)) })
  syncBuiltinESMExports()
}

/** Fastify looks for each plugin among all modules that were required: a tenth of what a schedule takes. */
function forgetModules(): void {
  const { cache } = createRequire(import.meta.url)
  for (const name of Object.keys(cache)) delete cache[name]
}

/** Threads answer in any order; here, in the order of the calls. */
function installCryptography(): void {
  const { subtle } = globalThis.crypto
  const calls = subtle as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>
  for (const name of Object.getOwnPropertyNames(SubtleCrypto.prototype)) {
    const real = name === 'constructor' ? undefined : calls[name]?.bind(subtle)
    if (real === undefined) continue
    const inOrder = (...values: unknown[]) => {
      const answer = real(...values)
      const mine = last.then(() => answer)
      last = mine.catch(() => {})
      return awaitMachine(mine)
    }
    Object.defineProperty(subtle, name, { value: inOrder, configurable: true })
  }
}
