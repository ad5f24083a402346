import { describe, expect, it } from 'vitest'
import { beginUpload, FILE, MIB } from '../test-support/upload-fixture.ts'

const LAST = FILE.length - 1

describe('the limit on bytes in any 5 minutes', () => {
  it('refuses the range beyond it, and says when it will be accepted', async () => {
    let now = new Date('2026-11-24T10:00:00Z')
    const fixture = await beginUpload({ clock: () => now })
    await fixture.simulated.set({ uploadBytesPer5Minutes: 2 * MIB })
    const session = await fixture.open()
    await fixture.put(session, 0, MIB - 1)
    now = new Date('2026-11-24T10:01:00Z')
    await fixture.put(session, MIB, 2 * MIB - 1)
    now = new Date('2026-11-24T10:02:00Z')
    const refused = await fixture.put(session, 2 * MIB, LAST)
    expect(refused).toMatchObject({ status: 429, code: 'ApplicationThrottled' })
    expect(refused.text).toContain('IncomingBytes')
    expect(refused.headers.get('retry-after')).toBe('180')
    now = new Date('2026-11-24T10:05:00Z')
    expect((await fixture.put(session, 2 * MIB, LAST)).status).toBe(201)
  })
})
