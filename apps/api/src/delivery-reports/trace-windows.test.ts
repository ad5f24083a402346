import { expect, it } from 'vitest'
import type { AwaitedMessage } from '../queue/awaited-reports.ts'
import { lateWindow } from './trace-windows.ts'

const at = (time: string) => new Date(`2026-03-02T${time}:00Z`)

it('passes over no sender when it looks back to the time at which a message in doubt was accepted', () => {
  const message = (fromEmail: string, sentAt: string, inDoubtSince: string | null = null): AwaitedMessage => ({
    id: sentAt,
    internetMessageId: `<${sentAt}@contoso.com>`,
    fromEmail,
    sentAt: at(sentAt),
    inDoubtSince: inDoubtSince === null ? null : at(inDoubtSince),
  })
  const awaited = [
    message('b@contoso.com', '13:05', '10:00'),
    message('b@contoso.com', '12:20'),
    message('a@contoso.com', '12:00'),
  ]
  const looked = []
  let progress: Parameters<typeof lateWindow>[0] = { sweptAt: null, sweptDownTo: null }
  for (let found = lateWindow(progress, awaited, at('14:00')); found.window;) {
    const { sender, messageId } = found.window
    looked.push({ sender, messageId })
    progress = found.progress
    found = lateWindow(progress, awaited, at('14:00'))
  }

  expect(looked).toEqual([
    { sender: 'b@contoso.com', messageId: '<12:20@contoso.com>' },
    { sender: 'a@contoso.com', messageId: '<12:00@contoso.com>' },
    { sender: 'b@contoso.com', messageId: '<13:05@contoso.com>' },
  ])
})
