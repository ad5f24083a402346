import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { announcement } from '../apps/api/src/announcement.ts'
import { ConfigurationError, readConfig, type Config } from '../apps/api/src/config.ts'
import { reserveDataFolder } from '../apps/api/src/database/embedded-postgres.ts'
import { serve } from '../apps/api/src/serve.ts'
import { work } from '../apps/api/src/work.ts'

interface Running {
  close(): Promise<void>
}

const SIMULATOR = fileURLToPath(new URL('../apps/m365-simulator/src/serve.ts', import.meta.url))
const STOP_TIMEOUT_MS = 60_000

try {
  await launch()
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exit(1)
}

async function launch(): Promise<void> {
  const running: Running[] = []
  const stop = once(async () => {
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref()
    for (const part of running.toReversed()) await part.close()
    process.exit()
  })
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(event, () => void stop())
  const onFatal = (error: unknown) => {
    console.error(error instanceof ConfigurationError ? error.message : error)
    process.exitCode = 1
    void stop()
  }
  try {
    const config = readConfig()
    if (config.demo) await reserveDataFolder(config.dataDirectory) // the simulator writes there too
    if (config.demo) running.push(await startSimulator(config, config.demo.simulatorPort, stop))
    running.push(config.role === 'worker' ? await work(config, onFatal) : await serve(config, onFatal))
    console.log(`\n${announcement(config)}\n`)
  } catch (error) {
    for (const part of running.toReversed()) await part.close()
    throw error
  }
}

/** The simulator is a process of its own, as Microsoft is; of our environment it gets nothing. */
async function startSimulator(config: Config, port: number, onExit: () => Promise<void>): Promise<Running> {
  const { PATH = '', TZ = 'UTC' } = process.env
  const child = fork(SIMULATOR, { execArgv: ['--disable-warning=ExperimentalWarning'], env: { PATH, TZ } })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.send({
    port,
    registration: { ...config.registration, displayName: 'Inforiver Mail', redirectUris: [config.redirectUri] },
    dataDirectory: `${config.dataDirectory}/simulator`,
  })
  const answer = await new Promise<{ ready?: true; failed?: string }>((resolve) => {
    child.once('message', resolve)
    void exited.then(() => resolve({ failed: 'The simulator ended before it was ready.' }))
  })
  if (answer.failed !== undefined) throw new ConfigurationError(answer.failed)
  let closing = false
  void exited.then(() => (closing ? undefined : onExit()))
  return {
    async close() {
      closing = true
      child.kill('SIGTERM')
      await exited
    },
  }
}

function once(action: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => (running ??= action())
}
