import { createHash, randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { createChance } from '../test-support/chance.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { postMultipart } from '../test-support/multipart.ts'
import { MB, RANGE_BYTES, sha256 } from '../test-support/upload-ground.ts'
import { useUploadGround } from '../test-support/use-ground.ts'

/** A hundred and more by the variable. */
const SETS = Number(process.env['LARGE_ATTACHMENTS_SETS'] ?? 6)
const MAX_SET_BYTES = 30 * MB
const AT_ONCE = 4

/** Sizes at which a route, a range or a chunk begins or ends. */
const BOUNDARIES = [0, 1, 256 * 1024, 512 * 1024, 2_996_928, 3_000_000, 3 * MB, RANGE_BYTES, 4 * MB, 2 * RANGE_BYTES]
const NAMES = [
  'bericht.pdf',
  'Übersicht Q3.xlsx',
  '図表.png',
  'تقرير.docx',
  "it's; a=b, %20.txt",
  '👩‍💻.svg',
  'a'.repeat(200),
]

const seed = Number(process.env['LARGE_ATTACHMENTS_SEED'] ?? randomInt(0, 2 ** 31))
const chance = createChance(seed)
const random = (below: number) => Math.floor(chance() * below)

const ground = useUploadGround({ environment: { MAILBOX_UPLOAD_BYTES_PER_5_MINUTES: '0' } })

interface File {
  readonly name: string
  readonly content: Buffer
}

async function deliver(subject: string, sets: readonly File[]): Promise<void> {
  const message = { to: ['max@contoso.com'], subject, text: 'Numbers.' }
  const { status, json } = await postMultipart(ground.product.publicUrl, ground.service.key, [
    { disposition: 'name="message"', content: JSON.stringify(message) },
    ...sets.map(({ name, content }) => ({
      disposition: `name="attachment"; filename="${name}"`,
      contentType: 'application/octet-stream',
      content,
    })),
  ])
  expect({ status, detail: json.detail }).toEqual({ status: 202, detail: undefined })
  const read = () => ground.service.read(json.id)
  await expect.poll(read).toMatchObject({ status: 'sent', possibleDuplicate: false })
}

/** The name and SHA-256 of every file that arrived under a subject. */
async function arrived(subject: string): Promise<{ name: string; sha256: string }[][]> {
  const mails = await mailsIn(ground.microsoft, subject)
  return mails.map(({ attachments }) =>
    attachments.map(({ name, sha256: hash }: { name: string; sha256: string }) => ({ name, sha256: hash })),
  )
}

const described = (sets: readonly File[]) => sets.map(({ name, content }) => ({ name, sha256: sha256(content) }))

it(
  `delivers ${SETS} random sets of files whole, with their names and in order (LARGE_ATTACHMENTS_SEED=${seed})`,
  async () => {
    const numbers = Array.from({ length: SETS }, (_, number) => number)
    const differing: unknown[] = []
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
          const sets = randomSet()
          await deliver(`random ${number}`, sets)
          const found = await arrived(`random ${number}`)
          if (JSON.stringify(found) !== JSON.stringify([described(sets)]))
            differing.push({
              number,
              sizes: sets.map(({ content }) => content.length),
              found,
              expected: described(sets),
            })
        }
      }),
    )
    expect(differing).toEqual([])
    await ground.requireNothingInMemory()
  },
  SETS * 70_000,
) // about the default for the usual six

it('delivers a file of 150 MB whole', async () => {
  const file = { name: 'large.bin', content: randomContent(150 * MB) }
  await deliver('150 MB', [file])
  expect(await arrived('150 MB')).toEqual([described([file])])
})

/** Most sets are small: the boundaries matter, not the volume. */
function randomSet(): File[] {
  const sets: File[] = []
  const count = 1 + random(4)
  let left = random(8) === 0 ? MAX_SET_BYTES : 6 * MB
  for (let index = 0; index < count; index++) {
    const boundary = BOUNDARIES[random(BOUNDARIES.length)] ?? 0
    const size = Math.max(0, random(4) === 0 ? random(2 * MB) : boundary + random(5) - 2)
    if (size > left || isRefused(size)) continue
    left -= size
    sets.push({ name: NAMES[random(NAMES.length)] ?? '', content: randomContent(size) })
  }
  return sets
}

/** A file just below 3 MB fits neither route: `size-readings.test.ts` covers it. */
function isRefused(size: number): boolean {
  return size > 2_996_928 && size < 3 * MB
}

function randomContent(sizeBytes: number): Buffer {
  const block = createHash('sha512')
    .update(`${seed} ${random(1 << 30)}`)
    .digest()
  const content = Buffer.alloc(sizeBytes, block)
  // Every block differs from every other, so that none can take another's place.
  for (let at = 0; at + 4 <= sizeBytes; at += 4_096) content.writeUInt32LE(at, at)
  return content
}
