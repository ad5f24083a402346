import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { announcement } from '../../apps/api/src/announcement.ts'
import { ConfigurationError, readConfig, type Config } from '../../apps/api/src/config.ts'
import type { Running } from '../../apps/api/src/running.ts'
import { startDevServer } from '../../apps/web/build/dev-server.ts'
import { createRestartable } from './restartable.ts'
import { startSimulator } from './simulator-process.ts'

/**
 * `npm run dev`: the page from its sources with hot reload, and behind it the API with the worker, and the simulator.
 * Each of the two restarts when a source file of its own changes. PORT is the page's; the API takes the next one and
 * the simulator the one after that.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LAUNCH = join(ROOT, 'scripts/launch.ts')
const SIMULATOR = new URL('../../apps/m365-simulator/src/serve.ts', import.meta.url)
const API_SOURCES = ['apps/api/src', 'packages/contract/src', 'packages/m365/src', 'prisma']
const SIMULATOR_SOURCES = ['apps/m365-simulator/src']

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
  const stopping = new AbortController()
  const api = createRestartable('API', (onEnded) => startApi(environment, stopping.signal, onEnded))
  const simulator = createRestartable('Simulator', async (onEnded) =>
    config.demo
      ? startSimulator(config, {
          program: SIMULATOR,
          port: config.demo.simulatorPort,
          onFatal: () => onEnded('by itself'),
          signal: stopping.signal,
        })
      : null,
  )
  await expectFree(pageConfig.host, pageConfig.port, 'the page')
  await expectFree(config.host, config.port, 'the API')
  if (config.demo) await expectFree('127.0.0.1', config.demo.simulatorPort, 'the simulator')
  const server = await servePage(pageConfig, config, () => api.settled())

  const stop = async () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    await Promise.all([server.close(), api.close(), simulator.close()])
    process.exit()
  }
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(event, () => void stop())
  // The parent ended before the listener above was there.
  if (process.send !== undefined && !process.connected) return stop()

  try {
    await api.start() // first: it reserves the data folder, in which the simulator writes as well
    await simulator.start()
  } catch (error) {
    if (stopping.signal.aborted) return
    throw error
  }
  console.log(`\n${announcement(config)}\n`)
  server.watcher.add([...API_SOURCES, ...SIMULATOR_SOURCES].map((folder) => join(ROOT, folder)))
  server.watcher.on('all', (_event, absolutePath) => {
    const path = relative(ROOT, absolutePath).replaceAll('\\', '/')
    if (!isLoaded(path)) return
    if (path === 'prisma/schema.prisma') spawnSync('turbo', ['run', 'generate', '--output-logs=errors-only'])
    if (isIn(API_SOURCES, path)) api.restart(path)
    if (isIn(SIMULATOR_SOURCES, path)) simulator.restart(path)
  })
}

/** @throws ConfigurationError when something listens there already: each part would find out when it starts, which takes long. */
async function expectFree(host: string, port: number, user: string): Promise<void> {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return // the part that listens there explains it
    throw new ConfigurationError(
      `Port ${port}, for ${user}, is taken by another program. Stop that, or set PORT to one that is free as well as the two after it.`,
    )
  }
  server.close()
  await once(server, 'close')
}

async function servePage(pageConfig: Config, { port, demo, graphAuth }: Config, untilApiReady: () => Promise<void>) {
  try {
    return await startDevServer({
      host: pageConfig.host,
      port: pageConfig.port,
      apiUrl: `http://127.0.0.1:${port}`,
      untilApiReady,
      document: { demoUrl: demo && `http://127.0.0.1:${demo.simulatorPort}`, graphAuth },
    })
  } catch (error) {
    throw new ConfigurationError(`The page cannot be served at port ${pageConfig.port}: ${(error as Error).message}.`)
  }
}

/** @throws ConfigurationError when it ends before it is ready; it has printed why. */
async function startApi(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
  onEnded: (how: string) => void,
): Promise<Running> {
  const child = fork(LAUNCH, ['--under-watch'], {
    env: environment,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const exited = once(child, 'exit')
  const end = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  const isReady = await Promise.race([once(child, 'message').then(() => true), exited.then(() => false)])
  signal.removeEventListener('abort', end)
  if (!isReady) throw new ConfigurationError('The API ended before it was ready.')
  let isClosing = false
  void exited.then(([code, killedBy]) => (isClosing ? undefined : onEnded(killedBy ?? `status ${code}`)))
  return {
    async close() {
      isClosing = true
      end()
      await exited
    },
  }
}

/** Whether a process loads the file when it starts: no test does, nor what tests share. */
function isLoaded(path: string): boolean {
  return /\.(ts|sql|css|html|prisma)$/.test(path) && !/\.test\.ts$|\/(generated|test-support)\//.test(path)
}

function isIn(folders: readonly string[], path: string): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`))
}
