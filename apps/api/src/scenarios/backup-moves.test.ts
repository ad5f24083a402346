import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runBackupCommand } from '../backup-command.ts'
import { runRestoreCommand } from '../restore-command.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { useFixture } from '../test-support/use-fixture.ts'
import { connectMailbox, createServiceClient } from '../test-support/test-service.ts'
import { useFolder } from '../test-support/use-created.ts'

const NOTHING_ASKED = { noResend: false, replace: false }

const folder = useFolder()
const fixture = useFixture()
const dataDirectory = join(folder, 'data')
/** The product in the embedded database, and the message that it has sent there. */
let embedded: TestProduct
let id: string

const lines: string[] = []
const print = (line: string) => void lines.push(line)

it('moves a running product into the embedded database: what waited is sent once, without a new consent', async () => {
  const external = await fixture.startProduct({ environment: { ROLE: 'api' } }) // it sends nothing
  await connectMailbox(external)
  const service = await createServiceClient(external)
  id = (await service.submit({ subject: 'Waits in the backup' })).id
  const out = join(folder, 'external.backup')
  await runBackupCommand({ to: out, withKeys: true }, external.config, { print })
  await expect(
    runRestoreCommand({ from: out, noResend: false, replace: true }, external.config, { print }),
  ).rejects.toThrow('Inforiver Mail is running on this database.')
  await external.close()

  const environment = { DATABASE_URL: '', VAULT_KEYS: '', DATA_DIR: dataDirectory }
  await runRestoreCommand({ from: out, ...NOTHING_ASKED }, await fixture.configure(environment), { print })
  embedded = await fixture.startProduct({ environment })
  expect(await service.at(embedded).untilEnded(id)).toMatchObject({ status: 'sent', possibleDuplicate: false })
  expect(await mailsIn(fixture.microsoft, 'Waits in the backup')).toHaveLength(1)
  expect(lines).toContain(
    'The next start sends what waited: 1 queued, 0 held, 0 scheduled, 0 in doubt. What was sent after the backup was made is sent twice; restored with --no-resend it would have failed instead.',
  )
})

it('moves it back, with what it has sent', async () => {
  const back = join(folder, 'embedded.backup')
  await runBackupCommand({ to: back, withKeys: false }, embedded.config, { print })
  await expect(
    runRestoreCommand({ from: back, noResend: false, replace: true }, embedded.config, { print }),
  ).rejects.toThrow('Another Inforiver Mail is already running on this data folder.')
  await embedded.close()
  const keys = (await readFile(join(dataDirectory, 'vault-keys'), 'utf8')).trim()
  const config = await fixture.configure({ VAULT_KEYS: keys })
  await runRestoreCommand({ from: back, noResend: false, replace: true }, config, { print })

  expect(await fixture.database.query('SELECT id, outcome FROM messages WHERE outcome IS NOT NULL')).toEqual([
    { id, outcome: 'sent' },
  ])
})
