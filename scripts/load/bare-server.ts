import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../start/node-flags.mjs'

/** Starts a program that a bench measures the product against. It writes a line when it is ready. */
export async function startBareServer(
  program: URL,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ kill(): void }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, fileURLToPath(program), ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  })
  const kill = () => void child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${program.pathname} ended at its start.`)
  })
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => {}) // it ends with the bench
  return { kill }
}
