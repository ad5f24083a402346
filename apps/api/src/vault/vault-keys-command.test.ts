import { expect, it, onTestFinished, vi } from 'vitest'
import { SECRETS } from '../configuration/environment.ts'
import { runVaultKeysCommand } from './vault-keys-command.ts'

const KEY = Buffer.alloc(32, 7).toString('base64')

/** Runs a program that does this. */
function run(script: string, withinMs?: number): Promise<string> {
  return runVaultKeysCommand([process.execPath, '-e', script], withinMs)
}

it('returns what the command prints', async () => {
  expect(await run(`console.log('k1:${KEY}')`)).toBe(`k1:${KEY}`)
})

it('hands each word over as it is, since no shell reads them', async () => {
  const script = 'console.log(process.argv.slice(1).join())'
  expect(await runVaultKeysCommand([process.execPath, '-e', script, '$HOME', '"a', 'b"', '|'])).toBe('$HOME,"a,b",|')
})

it('gives the command the environment without secrets of the product, and with the way to a key service', async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const name of [...SECRETS, 'VAULT_TOKEN', 'AZURE_CLIENT_SECRET_FILE']) vi.stubEnv(name, 'given')

  const given = JSON.parse(await run('console.log(JSON.stringify(process.env))')) as Record<string, string>

  expect(SECRETS.filter((name) => name in given)).toEqual(['HTTPS_PROXY'])
  expect(given).toMatchObject({ VAULT_TOKEN: 'given', AZURE_CLIENT_SECRET_FILE: 'given' })
})

it.each([
  ['fails', `process.exit(3)`, 'ended with exit status 3.'],
  ['says why', `console.error('no such secret: vault/mail'); process.exit(1)`, 'It said: no such secret: vault/mail'],
  ['is killed', `process.kill(process.pid, 'SIGTERM')`, 'was ended by SIGTERM.'],
  ['prints without an end', `for (;;) require('fs').writeSync(1, 'x'.repeat(9999))`, 'printed more than 65536 bytes.'],
])('refuses a command that %s', async (_what, script, reason) => {
  await expect(run(script)).rejects.toThrow(reason)
})

it('refuses a command that does not end in time, and ends it', async () => {
  await expect(run(`setInterval(() => {}, 1_000)`, 300)).rejects.toThrow('did not end within 0.3 s.')
})

it('refuses a program that is not there', async () => {
  await expect(runVaultKeysCommand(['no-such-program', '--token', 's3cret'])).rejects.toThrow(
    /^VAULT_KEYS_COMMAND: no-such-program cannot be run \(ENOENT\)\.$/,
  )
})

it('quotes no key, token or parameter when the command fails', async () => {
  const token = 'hvs-CAESIJ4f8a9b0c1d2e3f4a5b6c7d8e9f'
  const said = `console.log('k1:${KEY}'); console.error('got k1:${KEY.slice(0, 20)} by ${token} and short-pin'); console.log('short-pin'); process.exit(1)`

  const refusal = await run(said).catch((error: unknown) => String(error))

  expect(refusal).toContain('It said: got k1:… by … and …')
  expect(refusal).not.toContain('process.exit')
})
