import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findRunningPostgres } from '../../apps/api/src/database/embedded/embedded-postgres.ts'
import { NODE_FLAGS } from '../../scripts/start/node-flags.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const START_TIMEOUT_MS = 300_000
const STOP_TIMEOUT_MS = 300_000 // longer than the product gives itself
const START_ATTEMPTS = 3

/** The product gets only these variables, and nothing else that this process has set. */
const ENVIRONMENT = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '', // its modules load in half the time
  DELIVERY_REPORTS_POLL_SECONDS: '5',
}

/** Runs the whole product as `npm start` does: API, page, worker, embedded PostgreSQL and simulator. */
export interface Product {
  readonly url: string
  /** The simulated Microsoft 365 of the demo. */
  readonly microsoftUrl: string
  /** The address of its database, to write more messages into it than can be sent. */
  databaseUrl(): Promise<string>
  /** Stops it and removes its data. @throws Error when it exits with a failure */
  dispose(): Promise<void>
}

/** @param wantedPort null for a free one; the next one is the simulator's */
export async function startProduct(wantedPort: number | null): Promise<Product> {
  const directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-e2e-'))
  for (let attempt = 1; ; attempt += 1) {
    const port = wantedPort ?? (await findFreePorts())
    try {
      return await launch(directory, port)
    } catch (error) {
      // Another program may have taken the port since it was found free.
      if (wantedPort === null && attempt < START_ATTEMPTS && /taken|already in use/.test(String(error))) continue
      await rm(directory, { recursive: true, force: true })
      throw error
    }
  }
}

async function launch(directory: string, port: number): Promise<Product> {
  const url = `http://localhost:${port}`
  const child = spawn(process.execPath, [...NODE_FLAGS, join(ROOT, 'scripts/launch.ts')], {
    cwd: directory,
    env: { ...ENVIRONMENT, PORT: String(port), DATA_DIR: directory },
    // The channel closes when this process is gone, however it ended, and the product notices.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  await untilReady(child, url)

  return {
    url,
    microsoftUrl: `http://127.0.0.1:${port + 1}`,
    async databaseUrl() {
      const found = await findRunningPostgres(join(directory, 'demo'))
      if (found === null) throw new Error('The product does not run.')
      return found
    },
    async dispose() {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error('The product had ended by itself.')
      const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) })
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      // A process of PostgreSQL may still write into it for a moment.
      await rm(directory, { recursive: true, force: true, maxRetries: 10 })
      if (code !== 0) throw new Error(`The product ended with status ${code}.`)
    },
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const timeout = setTimeout(() => {
      child.kill('SIGTERM')
      reject(new Error(`The product was not ready in time:\n${output}`))
    }, START_TIMEOUT_MS)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-10_000)
        if (!output.includes(`Open ${url}`)) return
        clearTimeout(timeout)
        resolve()
      })
    }
    child.once('exit', (code) => {
      clearTimeout(timeout)
      reject(new Error(`The product ended with status ${code}:\n${output}`))
    })
  })
}

/** A free port whose successor, the simulator's, is free too, below the range of ephemeral ports. */
async function findFreePorts(): Promise<number> {
  for (;;) {
    const port = randomInt(11_000, 32_000)
    const first = await listen(port)
    const second = await listen(port + 1)
    await first?.close()
    await second?.close()
    if (first && second) return port
  }
}

async function listen(port: number): Promise<{ close(): Promise<void> } | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => {
      resolve({ close: () => new Promise((closed) => server.close(() => closed())) })
    })
  })
}
