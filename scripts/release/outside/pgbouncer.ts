import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { choosePostgresAccount } from '../../../apps/api/src/database/embedded/postgres-programs.ts'
import { freePort } from '../../../packages/m365/src/test-support/free-port.ts'
import { callApi, readMessages, submitJson, untilEnded } from '../../testbed/service.ts'
import { openTestbed } from '../../testbed/testbed.ts'

const SENT_WITHIN_MS = 60_000

/**
 * Has the product use its database through PgBouncer, of which nothing is set but where it listens and connects, and sends
 * a mail.
 *
 * @throws {Error} when the product does not become ready, or does not send it
 */
export async function sendThroughPgBouncer(): Promise<void> {
  await using testbed = await openTestbed()
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) throw new Error('There is no tenant.')
  const { host, port, user, password, database } = new pg.Client({ connectionString: testbed.connectionString })
  const listenPort = await freePort()
  const file = join(host, 'pgbouncer.ini') // the folder of the socket, which only the account of PostgreSQL can enter
  writeFileSync(
    file,
    `[databases]
${database} = host=${host} port=${port} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
`,
  )
  const { prefix, ids } = await choosePostgresAccount(host, 'pgbouncer') // it does not run as root either
  const [command, ...parameters] = [...prefix, 'pgbouncer', file] as const
  const pooler = spawn(command, parameters, { ...ids, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(pooler, 'exit')
  let said = ''
  const listens = new Promise<void>((resolve) =>
    pooler.stderr.on('data', (data: Buffer) => {
      said += data.toString()
      if (said.includes('process up')) resolve()
    }),
  )
  try {
    await Promise.race([listens, ended])
    const product = await testbed.start('all', {
      DATABASE_URL: `postgresql://${user}@127.0.0.1:${listenPort}/${database}`,
    })
    const message = { to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' }
    await callApi(product.url, tenant, '/messages', submitJson(message, 'pgbouncer'))
    await untilEnded(() => product.url, [tenant], { withinMs: SENT_WITHIN_MS })
    const [sent] = await readMessages(product.url, tenant)
    if (sent?.status !== 'sent') throw new Error(`The mail is ${sent?.status} after a minute.`)
    await product.stop()
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${said}`, { cause: error })
  } finally {
    pooler.kill()
    await ended
  }
}
