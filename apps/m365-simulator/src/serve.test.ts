import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { REGISTRATION } from './test-support/simulated.ts'

const ENTRY = fileURLToPath(new URL('serve.ts', import.meta.url))

interface Answer {
  readonly ready?: true
  readonly url?: string
  readonly failed?: string
}

async function serve(
  options: unknown,
): Promise<{ child: ChildProcess; answer: Answer; exited: Promise<number | null> }> {
  const child = fork(ENTRY, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const answered = once(child, 'message')
  child.send(options as object)
  const [answer] = (await answered) as [Answer]
  return { child, answer, exited }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

it('reports that it is ready, with a URL that works and as many people as the options say', async () => {
  const { child, answer, exited } = await serve({ port: 0, registration: REGISTRATION, generatedPeople: 2 })
  expect(answer).toEqual({ ready: true, url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) })
  const mailboxes: unknown = await (await fetch(`${answer.url}/control/mailboxes`)).json()
  expect(mailboxes).toContainEqual(expect.objectContaining({ address: 'person-2@contoso.com' }))

  child.kill('SIGINT')
  expect(await exited, 'on SIGINT').toBe(0)
})

it('ends when its parent is gone', async () => {
  const { child, exited } = await serve({ port: 0, registration: REGISTRATION })
  child.disconnect()
  expect(await exited).toBe(0)
})

it('names the wrong option, and never the secret', async () => {
  const { answer } = await serve({ port: 'x', registration: REGISTRATION })
  expect(answer.failed).toContain('port')
  expect(answer.failed).not.toContain(REGISTRATION.clientSecret)
})

it('keeps every answered change when it is killed', async () => {
  const dataDirectory = temporaryFolder()
  const { child, answer, exited } = await serve({ port: 0, registration: REGISTRATION, dataDirectory })
  const grant = { method: 'POST', body: JSON.stringify({ permissions: ['Mail.Send'] }) }
  const changed = await fetch(`${answer.url}/control/application/tokens`, grant)
  child.kill('SIGKILL')
  await exited
  expect(changed.status).toBe(200)
  const again = await serve({ port: 0, registration: REGISTRATION, dataDirectory })
  const consents = await fetch(`${again.answer.url}/control/tenant-consents`)
  expect(await consents.json()).toEqual({ scopes: [], applicationPermissions: ['Mail.Send'] })
})
