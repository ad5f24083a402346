import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { holdRequest } from '../test-support/held-request.ts'
import { mailsIn } from '../test-support/mailbox.ts'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import {
  createUploadGround,
  expectNoDraft,
  files,
  MB,
  submitFiles,
  untilPostponed,
  type UploadGround,
} from '../test-support/upload-ground.ts'

let ground: UploadGround

beforeAll(async () => {
  ground = await createUploadGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.calm())
afterEach(() => ground.requireNothingInMemory())

const set = (settings: object) => ground.microsoft.control('PATCH', '/settings', settings)
describe('saveToSentItems: false', () => {
  const copies = (subject: string) =>
    mailsIn(ground.microsoft, subject, { mailbox: 'ada@contoso.com', folder: 'sentItems' })
  const FILES: [string, number[]][] = [
    ['with a large file', [4 * MB]],
    ['with a small file', [100]],
  ]

  it.each(FILES)('leaves no copy %s', async (name, sizes) => {
    const id = await submitFiles(ground, `no copy ${name}`, files(...sizes), { saveToSentItems: false })
    await ground.service.until(id, { status: 'sent' })
    await expect.poll(() => copies(`no copy ${name}`)).toEqual([])
    expect(await ground.arrived(`no copy ${name}`)).toBe(1)
    await expectNoDraft(ground.microsoft, `no copy ${name}`)
  })

  it.each(FILES)('deletes a copy that appears late, %s', async (name, sizes) => {
    await set({ sentCopyDelayMs: 45 * SECONDS })
    const subject = `late copy ${name}`
    const id = await submitFiles(ground, subject, files(...sizes), { saveToSentItems: false })
    await ground.service.until(id, { status: 'sent' })
    await delay(2_500) // in which it is looked for in vain
    const deletion = await holdRequest(ground.microsoft, 'message-delete')
    await ground.pass(50 * SECONDS)
    await expect.poll(() => copies(subject)).toHaveLength(1)
    await deletion.release()
    await ground.pass(1 * MINUTES)
    await expect.poll(() => copies(subject)).toEqual([])
    expect(await ground.arrived(subject)).toBe(1)
  })

  it.each(FILES)('when it is not asked for, the copy stays %s', async (name, sizes) => {
    const id = await submitFiles(ground, `copy ${name}`, files(...sizes))
    await ground.service.until(id, { status: 'sent' })
    await delay(2_500) // in which one would be deleted
    expect(await copies(`copy ${name}`)).toHaveLength(1)
  })

  it('leaves alone what has not left yet', async () => {
    await ground.switchOn({
      kind: 'http',
      endpoint: 'message-get',
      do: { action: 'answer', status: 200, body: { id: 'x', isDraft: true } },
    })
    const id = await submitFiles(ground, 'not left', files(100), { saveToSentItems: false })
    await ground.service.until(id, { status: 'sent' })
    await untilPostponed(ground)
    expect(await copies('not left')).toHaveLength(1)
    await ground.pass(1 * MINUTES)
    await expect.poll(() => copies('not left')).toEqual([])
  })
})
