import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'

// Stands between the code and what this machine does by itself: timers that libraries set, and cryptography in threads.

/** What a simulated process offers its libraries. */
export interface Host {
  after(ms: number, call: () => void): () => void
}

/** The process on whose behalf code runs. Nothing is simulated outside of any. */
export const host = new AsyncLocalStorage<Host>()

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

let isInstalled = false

/** Once per Node process. */
export function installMachine(): void {
  if (isInstalled) return
  isInstalled = true
  installTimers()
  countImmediates()
  installCryptography()
  keepCompiled()
  forgetModules()
}

class SimulatedTimer {
  cancel: () => void = () => {}
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return true
  }
}

function installTimers(): void {
  const real = { setTimeout, setInterval, clearTimeout }
  const setting =
    (set: (call: () => void, ms: number) => unknown, repeats: boolean) =>
    (call: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) => {
      const store = host.getStore()
      if (!store) return set(() => call(...values), ms)
      const timer = new SimulatedTimer()
      const next = () => {
        timer.cancel = store.after(ms, () => {
          if (repeats) next()
          call(...values)
        })
      }
      next()
      return timer
    }
  const once = setting(real.setTimeout, false)
  const again = setting(real.setInterval, true)
  const clear = (timer: unknown) => {
    if (timer instanceof SimulatedTimer) timer.cancel()
    else real.clearTimeout(timer as NodeJS.Timeout)
  }
  Object.assign(globalThis, { setTimeout: once, setInterval: again, clearTimeout: clear, clearInterval: clear })
}

/** What waits for the next turn of the event loop is under way. */
function countImmediates(): void {
  const real = { setImmediate, clearImmediate }
  const waiting = new Set<NodeJS.Immediate>()
  const end = (immediate: NodeJS.Immediate) => {
    if (waiting.delete(immediate)) underWay--
  }
  const begin = (call: (...values: unknown[]) => void, ...values: unknown[]) => {
    const immediate = real.setImmediate(() => {
      end(immediate)
      call(...values)
    })
    waiting.add(immediate)
    underWay++
    return immediate
  }
  const clear = (immediate: NodeJS.Immediate) => {
    end(immediate)
    real.clearImmediate(immediate)
  }
  Object.assign(globalThis, { setImmediate: begin, clearImmediate: clear })
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
      underWay++
      const before = last
      const answer = real(...values)
      const mine = before.then(() => answer)
      last = mine.catch(() => {})
      return mine.finally(() => {
        underWay--
      })
    }
    Object.defineProperty(subtle, name, { value: inOrder, configurable: true })
  }
}

interface Compiler {
  Module: (new (bytes: Uint8Array) => object) & { prototype: object }
}

/** Prisma's client compiles its engine anew for each process. */
function keepCompiled(): void {
  const compiler = (globalThis as unknown as { WebAssembly: Compiler }).WebAssembly
  const Real = compiler.Module
  const compiled = new Map<number, object>()
  const kept = function (bytes: Uint8Array): object {
    const known = compiled.get(bytes.byteLength) ?? new Real(bytes)
    compiled.set(bytes.byteLength, known)
    return known
  }
  kept.prototype = Real.prototype
  Object.defineProperty(compiler, 'Module', { value: kept })
}
