import { randomBytes } from 'node:crypto'
import type { Message, MessageProblem } from '@inforiver-mail/contract/message'
import { openDatabase, type Database } from '../database/database.ts'
import { ACCEPTED } from '../queue/attempts.ts'
import type { Mark, MarkedMessage } from '../queue/owner/marked-message.ts'
import type { Queue } from '../queue/queue.ts'
import type { Settlement } from '../queue/owner/settle.ts'
import { NO_DOUBT } from '../queue/states.ts'
import type { NewBatch, NewMessage } from '../queue/intake/insert-messages.ts'
import { newId } from './new-id.ts'
import { createTestClock, MINUTES, type TestClock } from './test-clock.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'
import { createTestQueue } from './test-queue.ts'
import { useCreated } from './use-created.ts'

export const ADA = 'ten_ada'
export const BEN = 'ten_ben'
/** A tenant without a mailbox, whose messages are held. */
export const UNCONNECTED = 'ten_unconnected'
/** The version of the settings of ADA and BEN. */
export const VERSION = 1

/** The queue alone, without an API or a worker. ADA and BEN have a mailbox. */
export interface QueueFixture {
  readonly database: TestDatabase
  readonly clock: TestClock
  readonly opened: Database
  readonly queue: Queue
  /** The queue as another process uses it. */
  newProcess(): Queue
  /** Adds a data key, as `dky_1` is. Its value is not really sealed. */
  addDataKey(id: string): Promise<void>
  /** Submits a small message of ADA, unless changed. Returns its id, and throws when it is not stored. */
  submit(changes?: Partial<NewMessage & Pick<NewBatch, 'idempotency'>>, process?: Queue): Promise<string>
  /** Claims up to `count` messages, in as many claims as that takes. */
  claim(count: number, owner?: string): Promise<MarkedMessage[]>
  /** Claims the only message that is due. */
  claimOne(owner?: string): Promise<MarkedMessage>
  /** Another process starts, alone: what others were sending is in doubt. */
  judgeAbandoned(): Promise<void>
  read(id: string, tenantId?: string): Promise<Message>
  settle(message: Mark, settlement: Settlement, process?: Queue): Promise<boolean>
  close(): Promise<void>
}

export async function createQueueFixture({
  storageBytes = 100 * 1024 * 1024,
  permissions = ['Mail.ReadWrite'],
}: {
  storageBytes?: number
  /** What the mailboxes have granted. With `Mail.Send` alone, a claim clears small messages to be sent at once. */
  permissions?: readonly string[]
} = {}): Promise<QueueFixture> {
  const clock = createTestClock()
  const database = await createTestDatabase()
  await clock.govern(database)
  await database.query('INSERT INTO tenants (id, created_at) SELECT unnest($1::text[]), now()', [
    [ADA, BEN, UNCONNECTED],
  ])
  await database.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox, granted_permissions, large_attachments)
     SELECT unnest($1::text[]), $2, 'connected', 'ada@contoso.com', 'own', $3, true`,
    [[ADA, BEN], VERSION, permissions],
  )
  await database.query(`INSERT INTO owners (id, name) VALUES ('standby', 'a process that would send')`)
  const opened = await openDatabase(database.url, () => {})
  const newProcess = () => createTestQueue(opened.pool, { storageBytes })
  const queue = newProcess()

  async function addDataKey(id: string): Promise<void> {
    await database.query(
      `INSERT INTO data_keys (id, tenant_id, hour, key_sealed) VALUES ($1, 'ten of ' || $1, mail_now(), 'sealed ' || $1) ON CONFLICT DO NOTHING`,
      [id],
    )
  }
  await addDataKey('dky_1')

  async function claim(count: number, owner = 'worker'): Promise<MarkedMessage[]> {
    const claimed: MarkedMessage[] = []
    for (let before = -1; claimed.length < count && claimed.length > before;) {
      before = claimed.length
      claimed.push(...(await queue.deliveries.claim(owner, count - claimed.length)))
    }
    return claimed
  }

  return {
    database,
    clock,
    opened,
    queue,
    newProcess,
    addDataKey,
    async submit({ idempotency = null, ...changes } = {}, process = queue) {
      const message = newMessage(changes)
      const { outcome } = await process.messages.submit({ messages: [message], idempotency })
      if (outcome !== 'stored') throw new Error(`The message was not stored: ${outcome}.`)
      return message.id
    },
    claim,
    async claimOne(owner) {
      const [message] = await claim(1, owner)
      if (!message) throw new Error('Nothing was due.')
      return message
    },
    async judgeAbandoned() {
      await newProcess().deliveries.judgeAbandoned()
    },
    async read(id, tenantId = ADA) {
      const message = await queue.messages.find({ tenantId, service: null }, id, 'ada@contoso.com')
      if (!message) throw new Error(`There is no message ${id}.`)
      return message
    },
    settle: async (message, settlement, process = queue) =>
      (await process.deliveries.settle({ message, settlement, fromEmail: 'ada@contoso.com', ageMs: () => 0 })) !== null,
    async close() {
      await opened.close()
      await database.drop()
    },
  }
}

/** A queue for the tests of a file. */
export const useQueueFixture = (options?: Parameters<typeof createQueueFixture>[0]): QueueFixture =>
  useCreated(
    () => createQueueFixture(options),
    (fixture) => fixture.close(),
  )

/** A small message of ADA, unless changed. */
export function newMessage(changes: Partial<NewMessage> = {}): NewMessage {
  const content = changes.content ?? randomBytes(1_000)
  const storedBytes = changes.storedBytes ?? content.length
  return {
    id: newId('message'),
    tenantId: ADA,
    service: 'reports',
    ofPage: false,
    to: [{ address: 'max@contoso.com' }],
    cc: [],
    bcc: [],
    recipients: 3,
    subject: 'Q3',
    reference: null,
    sendAt: null,
    priority: 'normal',
    expiresAt: null,
    requestReadReceipt: false,
    requestDeliveryReceipt: false,
    onUnknownOutcome: 'retry',
    saveToSentItems: true,
    attachments: [],
    attachmentBytes: 0,
    receiving: false,
    storedBytes,
    openBytes: 0,
    addedBytes: storedBytes,
    dataKey: 'dky_1',
    content,
    traceparent: null,
    ...changes,
  }
}

// Outcomes of an attempt.

export const QUEUED: Settlement = {
  status: 'queued',
  waitMs: 0,
  heldBecause: null,
  doubt: NO_DOUBT,
  possibleDuplicate: false,
  tryingMs: 0,
  problem: null,
  attempt: { outcome: 'unavailable', code: null, values: {}, detail: 'Not now.' },
  charged: false,
  pauseMailboxMs: null,
  noAccessMs: null,
  refusals: 0,
  entraAnswered: false,
  gateway: null,
  refusal: null,
  route: null,
}
export const SENT: Settlement = {
  ...QUEUED,
  status: 'sent',
  waitMs: null,
  attempt: { outcome: 'sent', code: null, ...ACCEPTED },
  charged: true,
}
export const RECIPIENT_REFUSED: MessageProblem = {
  code: 'recipient-refused',
  values: {},
  title: 'No',
  detail: 'No.',
  microsoftCode: null,
  requestId: null,
}
export const FAILED: Settlement = {
  ...QUEUED,
  status: 'failed',
  waitMs: null,
  problem: RECIPIENT_REFUSED,
  attempt: { outcome: 'refused', code: null, values: {}, detail: 'No.' },
}
export const IN_DOUBT: Settlement = {
  ...QUEUED,
  waitMs: 1 * MINUTES,
  doubt: { state: 'in-doubt', looks: 0 },
  charged: true,
}
export const HELD: Settlement = { ...QUEUED, status: 'held', waitMs: null, heldBecause: 'large-attachments-disabled' }
