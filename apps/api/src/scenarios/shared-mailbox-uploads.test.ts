import { beforeEach, expect, it } from 'vitest'
import { mailsIn } from '../test-support/mailbox.ts'
import { connectMailbox } from '../test-support/test-service.ts'
import { expectArrival, files, MB, submitFiles } from '../test-support/upload-ground.ts'
import { useUploadGround } from '../test-support/use-ground.ts'
import { answer, draftsIn, http } from '../test-support/scenario.ts'

// Ada sends as reports@contoso.com, a shared mailbox.

const ground = useUploadGround({ fromEmail: 'reports@contoso.com' })
beforeEach(() => ground.calm())

it('delivers a large message from the sender', async () => {
  const contents = files(100, 3 * MB)
  const id = await submitFiles(ground, 'shared', contents)
  expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ from: 'reports@contoso.com' })
  await expectArrival(ground.microsoft, 'shared', contents)
  expect(await mailsIn(ground.microsoft, 'shared')).toMatchObject([{ from: { address: 'reports@contoso.com' } }])
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
    await ground.switchOn(breaksOff)
    const id = await submitFiles(ground, subject, contents)
    await ground.service.until(id, { attempts: [{ outcome: when === 'before' ? 'unavailable' : 'throttled' }] })
    expect(await draftsIn(ground, subject)).toMatchObject([{ from: { address: 'reports@contoso.com' } }])

    await connectMailbox(ground.product, { fromEmail: 'board@contoso.com', largeAttachments: true })
    expect(await ground.passUntil(id, { status: 'sent' })).toMatchObject({ from: 'board@contoso.com' })
    await expectArrival(ground.microsoft, subject, contents)
    expect(await mailsIn(ground.microsoft, subject)).toMatchObject([{ from: { address: 'board@contoso.com' } }])
    await connectMailbox(ground.product, { fromEmail: 'reports@contoso.com', largeAttachments: true })
  },
)
