import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { announcement } from '../../apps/api/src/announcement.ts'
import { ConfigurationError, readConfig, type Config } from '../../apps/api/src/configuration/config.ts'
import { startDevServer } from '../../apps/web/build/dev-server.ts'
import { simulatorOptions } from './simulator-process.ts'

/**
 * `npm run dev`: the page from its sources with hot reload, and behind it the API with the worker, and the simulator.
 * Node restarts each of the two when a module changes that it has loaded. PORT is the page's; the API takes the next one
 * and the simulator the one after that.
 */

const ROOT = join(import.meta.dirname, '../..')
const LOOK_EVERY_MS = 50
const ANSWERS_WITHIN_MS = 30_000

try {
  await develop(readConfig())
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exit(1)
}

async function develop(pageConfig: Config): Promise<void> {
  const environment = { ...process.env, PORT: String(pageConfig.port + 1), PUBLIC_URL: pageConfig.publicUrl }
  const config = readConfig(environment)
  const server = await servePage(pageConfig, config)

  const watched: ReturnType<typeof watch>[] = []
  const stop = async () => {
    await Promise.all([server.close(), ...watched.map((each) => each.close())])
    process.exit()
  }
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.once(event, () => void stop())
  // The parent ended before the listener above was there.
  if (process.send !== undefined && !process.connected) return stop()

  const start = async (program: string, parameters: string[], variables: NodeJS.ProcessEnv) => {
    const started = watch(program, parameters, variables)
    watched.push(started)
    await started.ready
  }
  await start('scripts/launch.ts', ['--under-watch'], environment) // first: it reserves the data folder
  if (config.demo) {
    const options = JSON.stringify(simulatorOptions(config, config.demo.simulatorPort))
    await start('scripts/start/dev-simulator.ts', [], { ...process.env, SIMULATOR_OPTIONS: options })
  }
  console.log(`\n${announcement(config)}\n`)
  const schema = join(ROOT, 'prisma/schema.prisma')
  server.watcher.add(schema)
  server.watcher.on('change', (path) => {
    if (path === schema) spawnSync('turbo', ['run', 'generate', '--output-logs=errors-only'])
  })
}

/** Runs a program under Node's watch, which waits for the next change where it fails. */
function watch(program: string, parameters: readonly string[], env: NodeJS.ProcessEnv) {
  const child = fork(join(ROOT, program), parameters, {
    env,
    execArgv: ['--watch', '--watch-preserve-output', '--disable-warning=ExperimentalWarning'],
  })
  const exited = once(child, 'exit')
  return {
    ready: new Promise<void>((resolve) => child.on('message', (message) => message === 'ready' && resolve())),
    async close(): Promise<void> {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function servePage(pageConfig: Config, { port, demo, graphAuth }: Config) {
  const apiUrl = `http://127.0.0.1:${port}`
  try {
    return await startDevServer({
      host: pageConfig.host,
      port: pageConfig.port,
      apiUrl,
      untilApiReady: () => untilAnswered(`${apiUrl}/healthz`),
      document: { demoUrl: demo && `http://127.0.0.1:${demo.simulatorPort}`, graphAuth },
    })
  } catch (error) {
    throw new ConfigurationError(`The page cannot be served at port ${pageConfig.port}: ${(error as Error).message}.`)
  }
}

/** The API does not answer while it restarts. */
async function untilAnswered(url: string): Promise<void> {
  for (const giveUpAt = Date.now() + ANSWERS_WITHIN_MS; Date.now() < giveUpAt; await delay(LOOK_EVERY_MS)) {
    const answer = await fetch(url).catch(() => null)
    if (answer !== null) return
  }
}
