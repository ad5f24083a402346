import { z } from 'zod'
import { startSimulator } from './start.ts'

/** The first message of the parent process. It contains the client secret, so it is not passed as arguments. */
const Options = z.strictObject({
  port: z.int().min(0).max(65_535),
  registration: z.strictObject({
    tenantId: z.guid(),
    clientId: z.guid(),
    clientSecret: z.string().min(1),
    certificates: z.array(z.string().min(1)).max(10).exactOptional(),
    federatedCredential: z
      .strictObject({
        issuer: z.url(),
        subject: z.string().min(1),
        keys: z.array(z.record(z.string(), z.unknown())).min(1),
      })
      .exactOptional(),
    redirectUris: z.array(z.string()).min(1),
    displayName: z.string().min(1),
  }),
  dataDirectory: z.string().min(1).exactOptional(),
  generatedPeople: z.int().min(0).max(10_000).exactOptional(),
})

if (process.send === undefined) {
  process.stderr.write('This process is started by its parent, with an IPC channel. See README.md.\n')
  process.exitCode = 1
} else {
  process.once('message', (message) => void serve(message))
}

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
