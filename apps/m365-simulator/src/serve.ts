import { z } from 'zod'
import { Options, startSimulator } from './start.ts'

if (process.send === undefined) {
  process.stderr.write('This process is started by its parent, with an IPC channel. See README.md.\n')
  process.exitCode = 1
} else {
  process.once('message', (message) => void serve(message))
}

/** @param message the options; they contain the client secret, so they are not passed as arguments */
async function serve(message: unknown): Promise<void> {
  const options = Options.safeParse(message)
  if (!options.success)
    return report({ failed: `The simulator's options are not valid: ${z.prettifyError(options.error)}` })
  try {
    const simulator = await startSimulator(options.data)
    let closing = false
    const stop = (): void => {
      if (closing) return
      closing = true
      void simulator.close().then(() => process.exit(0))
    }
    process.once('SIGTERM', stop)
    process.once('SIGINT', stop)
    // The parent has died, and nothing else would stop this process.
    process.once('disconnect', stop)
    if (!process.connected) return stop()
    report({ ready: true, url: simulator.url })
  } catch (error) {
    report({ failed: `The simulator cannot start: ${error instanceof Error ? error.message : String(error)}` })
  }
}

function report(answer: { ready: true; url: string } | { failed: string }): void {
  process.send?.(answer, () => {
    if ('failed' in answer) process.exit(1)
  })
}
