import { build, install, startNode } from './bootstrap.mjs'
import { STOP_SIGNALS } from './run-tool.mjs'
import { watchNpm } from './watch-npm.mjs'

/**
 * Installs and builds what is missing, then runs `parameters` on the project's own Node until it is asked to stop.
 *
 * @param {readonly string[]} parameters
 * @param {Parameters<typeof build>[0]} needs
 */
export async function runUntilStopped(parameters, needs) {
  watchNpm(() => process.kill(process.pid, 'SIGTERM'))
  await install()
  await build(needs)

  let child = null
  for (const signal of STOP_SIGNALS) process.on(signal, () => child?.kill(signal))
  // The channel closes when this process is gone, however it ended, and the child notices.
  child = startNode(parameters, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  child.on('exit', (code, signal) => {
    // A signal that comes before the child listens for it ends it as it was asked to: that is no failure.
    const wasAskedTo = STOP_SIGNALS.includes(signal)
    process.exit(code ?? (wasAskedTo ? 0 : 1))
  })
}
