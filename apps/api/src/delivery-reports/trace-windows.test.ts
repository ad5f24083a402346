import { expect, it } from 'vitest'
import type { AwaitedMessage } from '../queue/reports/awaited-reports.ts'
import { lateWindow } from './trace-windows.ts'

const at = (time: string) => new Date(`2026-03-02T${time}:00Z`)
const NOW = at('14:00')
const NEW_LOOK = { sweptAt: null, sweptDownTo: null, sweptSender: null }

function message(fromEmail: string, sentAt: string, inDoubtSince: Date | null = null): AwaitedMessage {
  return { id: sentAt, internetMessageId: `<${sentAt}@contoso.com>`, fromEmail, sentAt: at(sentAt), inDoubtSince }
}

/** The windows of a whole look at older messages. */
function lookAt(awaited: readonly AwaitedMessage[]) {
  const looked = []
  let progress: Parameters<typeof lateWindow>[0] = NEW_LOOK
  for (let found = lateWindow(progress, awaited, NOW); found.window;) {
    looked.push(found.window)
    progress = found.progress
    found = lateWindow(progress, awaited, NOW)
  }
  return looked
}

it('passes over no sender when it looks back to the time at which a message in doubt was accepted', () => {
  const looked = lookAt([
    message('b@contoso.com', '13:05', at('10:00')),
    message('b@contoso.com', '12:20'),
    message('a@contoso.com', '12:00'),
  ])

  expect(looked).toMatchObject([
    { sender: 'b@contoso.com', messageId: '<12:20@contoso.com>' },
    { sender: 'a@contoso.com', messageId: '<12:00@contoso.com>' },
    { sender: 'b@contoso.com', messageId: '<13:05@contoso.com>' },
  ])
})

it('passes over no sender whose mail was accepted at the same time as that of another', () => {
  const looked = lookAt([
    message('b@contoso.com', '13:05', at('10:00')),
    message('a@contoso.com', '13:05', at('10:00')),
    message('b@contoso.com', '13:05', at('10:00')),
    message('c@contoso.com', '10:00'),
  ])

  expect(looked).toMatchObject([
    { sender: 'a@contoso.com', messageId: '<13:05@contoso.com>' },
    { sender: 'b@contoso.com', messageId: null },
    { sender: 'c@contoso.com', messageId: '<10:00@contoso.com>' },
  ])
})

it('passes over no sender whose mail was accepted at the same time as that of another, which is settled by now', () => {
  const [first, second] = ['a@contoso.com', 'b@contoso.com'].map((sender) => message(sender, '13:05', at('10:00')))
  if (!first || !second) throw new Error('There are two.')
  const { progress } = lateWindow(NEW_LOOK, [second, first], NOW)

  expect(lateWindow(progress, [second], NOW).window).toMatchObject({ sender: 'b@contoso.com' })
})

it('looks back a day at most for a message in doubt that was accepted before', () => {
  const [window] = lookAt([message('a@contoso.com', '13:05', new Date('2026-02-20T08:00Z'))])

  expect(window).toMatchObject({ from: new Date('2026-03-01T13:55Z'), to: NOW, messageId: '<13:05@contoso.com>' })
})
