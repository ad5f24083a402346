import type { Message } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { exampleMessage } from '../test-support/examples.ts'
import { messageQuery } from './queries.ts'

const EXAMPLE = exampleMessage()
const RECIPIENT = EXAMPLE.recipients[0]

function intervalOf(message: Partial<Message>): unknown {
  const { refetchInterval } = messageQuery(EXAMPLE.id)
  if (typeof refetchInterval !== 'function') throw new Error('The interval follows from the message.')
  return refetchInterval({ state: { data: { ...EXAMPLE, ...message } } } as never)
}

it('reads a sent message again until there is a report for each recipient', () => {
  const sentTo = (delivery: Message['recipients'][number]['delivery']) =>
    intervalOf({ status: 'sent', recipients: [{ ...RECIPIENT, delivery }] as Message['recipients'] })

  expect(sentTo('pending')).toBe(5_000)
  expect(sentTo('delivered')).toBe(30_000)
  expect(sentTo('unknown')).toBe(false)
})

it('reads no message again that will never change', () => {
  expect(intervalOf({ status: 'failed' })).toBe(false)
  expect(intervalOf({ status: 'cancelled' })).toBe(false)
})
