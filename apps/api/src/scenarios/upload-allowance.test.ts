import { describe, expect, it } from 'vitest'
import { holdRequest } from '../test-support/held-request.ts'
import { files, RANGE_BYTES, rangesTaken, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'

describe('the memory of what is sent', () => {
  const fixture = useUploadFixture()

  it('is left to small messages while ranges of several uploads wait for Microsoft', async () => {
    const subjects = ['first', 'second', 'third']
    const ranges = [
      await holdRequest(fixture.microsoft, 'upload-range', 1),
      await holdRequest(fixture.microsoft, 'upload-range', 2),
      await holdRequest(fixture.microsoft, 'upload-range', 3),
    ]
    const ids = await Promise.all(subjects.map((subject) => submitFiles(fixture, subject, files(2 * RANGE_BYTES + 1))))
    const metrics = async () => (await fetch(`${fixture.product.url}/metrics`)).text()
    // A range of each is held, twice, and a fourth would not fit.
    await expect.poll(metrics).toMatch(new RegExp(`^inforiver_mail_delivery_memory_bytes ${3 * 2 * RANGE_BYTES}$`, 'm'))

    const small = await fixture.service.submit({ subject: 'small' })

    await fixture.service.until(small.id, { status: 'sent' })
    expect(await Promise.all(subjects.map((subject) => rangesTaken(fixture.microsoft, subject)))).toEqual([
      [[]],
      [[]],
      [[]],
    ])
    for (const range of ranges) await range.release()
    for (const id of ids) await fixture.passUntil(id, { status: 'sent' })
  })
})
