import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { expect, it } from 'vitest'

const START = `
  import { startEmbeddedServer } from ${JSON.stringify(new URL('database-server.ts', import.meta.url).href)}
  console.log((await startEmbeddedServer()).url)`

it('leaves neither PostgreSQL nor its folder when the process of the tests is killed', async () => {
  const tests = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', START], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface(tests.stdout), 'line')) as [string]
  const client = new pg.Client({ connectionString: url })
  const connectionEnded = new Promise<void>((resolve) => client.once('end', resolve))
  client.on('error', () => {}) // it says that the connection ends
  await client.connect()
  const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory')
  const folder = rows[0]?.data_directory ?? ''
  expect(existsSync(folder)).toBe(true)

  tests.kill('SIGKILL')

  await connectionEnded
  await expect.poll(() => existsSync(folder)).toBe(false)
})
