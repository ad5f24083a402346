import { createHash, randomBytes } from 'node:crypto'
import { expect, vi } from 'vitest'
import type { DeliverySizes } from '../delivery/attempt.ts'
import { createDeliveryFixture, type DeliveryFixture } from './delivery-fixture.ts'
import { mailsIn } from './mailbox.ts'
import { setMailbox } from './mailbox-state.ts'
import { postMultipart, type Part } from './multipart.ts'
import { SECONDS } from './test-clock.ts'
import type { TestFixture, TestMicrosoft } from './test-product.ts'
import type { ServiceClient } from './test-service.ts'

export const MB = 1024 * 1024
/** The size of the ranges in which the product uploads a file. */
export const RANGE_BYTES = 3_932_160

/** The sizes of a product that uploads in ranges of one chunk what has a twentieth of 4 MB. */
export const SMALL_UPLOADS = { rangeBytes: 262_144, certainRequestBytes: 100_000 }

/** Shorter than the lease of a clean-up, since one may begin at the same moment. */
const STEP_MS = 15 * SECONDS
const CONTENT_TYPE = 'application/x-report'

/** The simulator's report of an upload session. */
export interface UploadReport {
  readonly session: string
  readonly mailbox: string
  readonly name: string
  readonly contentId: string | null
  readonly isInline: boolean
  readonly sha256: string | null
  readonly state: 'open' | 'finished' | 'cancelled' | 'expired' | 'forgotten'
  readonly ranges: readonly { from: number; to: number; status: number | null; accepted: boolean }[]
}

export interface UploadFixture extends DeliveryFixture {
  /** Advances the clock until a message matches. */
  passUntil(id: string, expected: object): Promise<any> // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
  /** Waits until deliveries have released all their memory: those of all tests before, when the last one is over. */
  requireNothingInMemory(): Promise<void>
}

/** Creates a product that may send large attachments from Ada's mailbox, with a clock that a test advances. */
export async function createUploadFixture({
  environment = {},
  fromEmail = 'ada@contoso.com',
  deliverySizes,
}: {
  environment?: Record<string, string>
  fromEmail?: string
  deliverySizes?: DeliverySizes
} = {}): Promise<UploadFixture> {
  const fixture = await createDeliveryFixture({
    environment,
    fromEmail,
    mailbox: 'may be read',
    ...(deliverySizes && { deliverySizes }),
  })
  /** While a request is under way, real time passes in it. */
  const isUnderWay = async () => {
    const underWay = `SELECT 1 FROM message_queue WHERE mark_id IS NOT NULL UNION ALL SELECT 1 FROM mailbox_cleanups WHERE lease_until > $1`
    return (await fixture.database.query(underWay, [fixture.clock.now()])).length > 0
  }
  return {
    ...fixture,
    async calm() {
      const isSmall = deliverySizes === SMALL_UPLOADS
      await fixture.microsoft.control('PATCH', '/settings', { ...SETTINGS, ...(isSmall && SMALL_SETTINGS) })
      await fixture.calm()
      const known = { message_size_limit: null, request_size_limit: null, session_size_minimum: null }
      await setMailbox(fixture.database, { ...known, ...(isSmall && SMALL_KNOWN) })
    },
    async passUntil(id, expected) {
      let message: { status: string } | undefined
      const look = async () => {
        message = await fixture.service.read(id)
        if (message?.status === 'queued' && !(await isUnderWay())) await fixture.pass(STEP_MS)
        return message
      }
      await expect.poll(look, { interval: 50 }).toMatchObject(expected)
      return message
    },
    async requireNothingInMemory() {
      const metrics = async () => (await fetch(`${fixture.product.url}/metrics`)).text()
      const isReleased = async () => expect(await metrics()).toMatch(/^inforiver_mail_delivery_memory_bytes 0$/m)
      await vi.waitFor(isReleased, { timeout: 300_000, interval: 100 }) // a hook cannot poll by `expect`
    },
  }
}

/** Microsoft of a product of `SMALL_UPLOADS` takes what otherwise had to have 3 MB. */
const SMALL_SETTINGS = { minSessionBytes: 1 }
/** The product knows that, whatever time passes in a test. */
const SMALL_KNOWN = {
  request_size_limit: SMALL_UPLOADS.certainRequestBytes,
  request_size_limit_at: new Date('2100-01-01'),
}

/** Lets a product of `SMALL_UPLOADS` upload files that otherwise had to have 3 MB, as an upload fixture does by itself. */
export async function permitSmallUploads({ microsoft, database }: Pick<TestFixture, 'microsoft' | 'database'>) {
  await microsoft.control('PATCH', '/settings', SMALL_SETTINGS)
  await setMailbox(database, SMALL_KNOWN)
}

/** The initial values of the settings that tests of uploads change at the simulator. */
const SETTINGS = {
  uploadAnswerCasing: 'documented',
  uploadStatus: 'supported',
  uploadSessionSeconds: 7_200,
  messageSizeLimitBytes: null,
  messageTooLargeStatus: 400,
  attachmentTooSmallStatus: 400,
  maxRequestBytes: 4_194_304,
  minSessionBytes: 3_145_728,
  requestTooLarge: 'bad-request',
  sentCopyDelayMs: 0,
}

/** The files of all tests are parts of this, which costs nothing, and leaves no garbage for the product to collect. */
const POOL = randomBytes(16 * MB)
const POOL_STEP = 65_537
let poolOffset = 0

/** Returns files that differ from each other in nearly every byte. They must not be written to. */
export function files(...sizes: readonly number[]): Buffer[] {
  return sizes.map((size) => {
    if (size >= POOL.length - POOL_STEP) throw new Error(`A file of ${size} bytes is larger than the pool.`)
    poolOffset = (poolOffset + POOL_STEP) % (POOL.length - size)
    return POOL.subarray(poolOffset, poolOffset + size)
  })
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

/** The name of the nth file of a mail. */
const fileName = (subject: string, index: number): string => `${subject} ${index}.bin`

export function largeMail(subject: string, contents: readonly Buffer[], changes: object = {}): Part[] {
  const message = { to: ['max@contoso.com'], subject, text: 'Numbers.', ...changes }
  return [
    { disposition: 'name="message"', content: JSON.stringify(message) },
    ...contents.map((content, index) => ({
      disposition: `name="attachment"; filename="${fileName(subject, index)}"`,
      contentType: CONTENT_TYPE,
      content,
    })),
  ]
}

/** Submits a mail to Max with these files, and returns its id. */
export async function submitFiles(
  { product, service }: { product: { publicUrl: string }; service: ServiceClient },
  subject: string,
  contents: readonly Buffer[],
  changes: object = {},
): Promise<string> {
  const { status, json } = await postMultipart(product.publicUrl, service.key, largeMail(subject, contents, changes))
  expect({ status, detail: json.errors ?? json.detail }).toEqual({ status: 202, detail: undefined })
  return json.id
}

/** Lists the upload sessions of a mail's files, oldest first. */
export async function uploadsOf(microsoft: TestMicrosoft, subject: string): Promise<UploadReport[]> {
  const { items } = await microsoft.control('GET', '/uploads?limit=1000')
  return items.filter(({ name }: UploadReport) => name.startsWith(`${subject} `))
}

/** Waits until a deletion in the mailbox has failed and was postponed. */
export async function untilPostponed({ database, clock }: DeliveryFixture): Promise<void> {
  const postponed = () =>
    database.query(`SELECT 1 FROM mailbox_cleanups WHERE kind <> 'stray' AND due_at > $1`, [clock.now()])
  await expect.poll(postponed).not.toEqual([])
}

/** Lists for each session the offsets of the ranges that were accepted. */
export async function rangesTaken(microsoft: TestMicrosoft, subject: string): Promise<number[][]> {
  return (await uploadsOf(microsoft, subject)).map(({ ranges }) => ranges.filter(isTaken).map(({ from }) => from))
}

const isTaken = ({ accepted }: { accepted: boolean }): boolean => accepted

/** Requires exactly one mail with this subject and these files in order, and no draft left in the mailbox. */
export async function expectArrival(
  microsoft: TestMicrosoft,
  subject: string,
  contents: readonly Buffer[],
): Promise<void> {
  const arrived = await mailsIn(microsoft, subject)
  const attachments = arrived.map((mail) =>
    mail.attachments.map(({ name, sha256: hash }: { name: string; sha256: string }) => ({ name, sha256: hash })),
  )
  const whole = contents.map((content, index) => ({ name: fileName(subject, index), sha256: sha256(content) }))
  expect(attachments).toEqual([whole])
  await expectNoDraft(microsoft, subject)
}

/** Requires that no draft is left in Ada's mailbox, neither in Drafts nor in Deleted Items. */
export async function expectNoDraft(microsoft: TestMicrosoft, subject: string): Promise<void> {
  const left = async () =>
    (await mailsIn(microsoft, subject, { mailbox: 'ada@contoso.com', folder: null })).filter(
      ({ folder }) => folder === 'drafts' || folder === 'deletedItems',
    )
  await expect.poll(left).toEqual([])
}
