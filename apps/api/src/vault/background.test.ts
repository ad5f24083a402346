import { expect, it, onTestFinished } from 'vitest'
import type { Config } from '../configuration/config.ts'
import { serve } from '../serve.ts'
import { addSealedRows, allSealed, newKey, vaultOf } from '../test-support/sealed-rows.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const OLD = newKey('old')
const NEW = newKey('new')

const fixture = useFixture()

async function start(...keys: string[]): Promise<Config> {
  const config = await fixture.configure({ VAULT_KEYS: keys.join(), LOG_LEVEL: 'silent' })
  const running = await serve(config, (error) => {
    throw error
  })
  onTestFinished(() => running.close())
  return config
}

async function kids(): Promise<string[]> {
  const vault = vaultOf(NEW)
  return [...new Set((await allSealed(fixture.database)).map((value) => vault.keyIdOf(value)))].sort()
}

it('reseals stored secrets once a process starts with a new first key, and shows that in the metrics', async () => {
  await addSealedRows(fixture.database, vaultOf(OLD), { messages: 3 })

  const { port } = await start(NEW, OLD)

  await expect.poll(kids, { interval: 100 }).toEqual(['new'])
  const metrics = await (await fetch(`http://localhost:${port}/metrics`)).text()
  expect(metrics).toMatch(/^inforiver_mail_sealed_values\{kid="new"\} \d+$/m)
  expect(metrics).not.toContain('inforiver_mail_sealed_values{kid="old"}')
})
