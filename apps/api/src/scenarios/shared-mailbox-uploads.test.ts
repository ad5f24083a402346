import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-fixture.ts'
import { useUploadFixture } from '../test-support/use-fixture.ts'
import { answer, draftsIn, http } from '../test-support/scenario.ts'

// Ada sends as reports@contoso.com, a shared mailbox.

const fixture = useUploadFixture({ fromEmail: 'reports@contoso.com' })
beforeEach(() => fixture.calm())

it('delivers a large message from the sender', async () => {
  const contents = files(100, 3 * MB)
  const id = await submitFiles(fixture, 'shared', contents)
  expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ from: 'reports@contoso.com' })
  await expectArrival(fixture.microsoft, 'shared', contents)
  expect(await mailsIn(fixture.microsoft, 'shared')).toMatchObject([{ from: { address: 'reports@contoso.com' } }])
})

it.each(['before', 'after'])(
  'leaves from the sender that is configured when it is sent, changed %s its upload broke off',
  async (when) => {
    const subject = `new sender, ${when}`
    const contents = files(3 * MB)
    const breaksOff =
      when === 'before'
        ? http('upload-range', answer(503, 'ErrorMailboxStoreUnavailable'))
        : http('draft-send', answer(429, 'ApplicationThrottled'))
    await fixture.switchOn(breaksOff)
    const id = await submitFiles(fixture, subject, contents)
    await fixture.service.until(id, { attempts: [{ outcome: when === 'before' ? 'unavailable' : 'throttled' }] })
    expect(await draftsIn(fixture, subject)).toMatchObject([{ from: { address: 'reports@contoso.com' } }])

    await connectMailbox(fixture.product, { fromEmail: 'board@contoso.com', largeAttachments: true })
    expect(await fixture.passUntil(id, { status: 'sent' })).toMatchObject({ from: 'board@contoso.com' })
    await expectArrival(fixture.microsoft, subject, contents)
    expect(await mailsIn(fixture.microsoft, subject)).toMatchObject([{ from: { address: 'board@contoso.com' } }])
    await connectMailbox(fixture.product, { fromEmail: 'reports@contoso.com', largeAttachments: true })
  },
)
