import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '../../apps/api/src/database/embedded/embedded-postgres.ts'
import { VERSION } from '../../apps/api/src/runtime/version.ts'
import { THIS_RELEASE } from '../testbed/testbed.ts'
import { residentMegabytes } from './machine.ts'
import type { BenchDeps } from './guard-rails.ts'

const run = promisify(execFile)
const IDLE_FOR_MS = 10 * 60_000
const ARCHIVE = join(THIS_RELEASE, `release/inforiver-mail-${VERSION}-${process.platform}-${process.arch}.tar.gz`)

/**
 * Measures the second start of the release in release/, with its embedded PostgreSQL, and its memory ten minutes later,
 * against the start of that PostgreSQL alone and the memory of a Node that does nothing.
 */
export async function benchStart({ testbed, score }: BenchDeps): Promise<void> {
  if (!existsSync(ARCHIVE)) {
    const reason = 'there is no release in release/, which npm run release makes'
    score.giveUp('s until /readyz at the second start of the release', reason)
    score.giveUp('MB of memory ten minutes after a start', reason)
    return
  }
  const folder = join(testbed.directory, 'release')
  const dataDirectory = join(testbed.directory, 'data')
  await mkdir(folder)
  await run('tar', ['-xzf', ARCHIVE, '-C', folder])
  const program = join(folder, readdirSync(folder)[0] ?? '', 'bin/inforiver-mail')
  const start = () => testbed.launch([program], { DATABASE_URL: '', DATA_DIR: dataDirectory })
  await (await start()).stop()
  const bareSeconds = await timed(async () => {
    const bare = await startEmbeddedPostgres({ dataDirectory, onRestart() {}, onLost() {} })
    return () => bare.stop()
  })
  const startedAt = performance.now()
  const product = await start()
  const seconds = (performance.now() - startedAt) / 1_000
  score.note(
    's until /readyz at the second start of the release',
    seconds,
    `PostgreSQL alone ${bareSeconds.toFixed(2)} s, ratio ${(seconds / bareSeconds).toFixed(1)}`,
  )
  const bareNode = execFile(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'])
  await delay(IDLE_FOR_MS)
  const megabytes = residentMegabytes(product.pid)
  const bareMegabytes = residentMegabytes(bareNode.pid ?? 0)
  bareNode.kill()
  await product.stop()
  score.note(
    'MB of memory ten minutes after a start',
    megabytes,
    `a bare Node ${bareMegabytes} MB, ratio ${(megabytes / bareMegabytes).toFixed(1)}`,
  )
}

/** Returns how many seconds it takes, without its end. */
async function timed(start: () => Promise<() => Promise<void>>): Promise<number> {
  const startedAt = performance.now()
  const end = await start()
  const seconds = (performance.now() - startedAt) / 1_000
  await end()
  return seconds
}
