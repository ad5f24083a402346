import { expect, it } from 'vitest'
import { type ReturnedWindow, tellPage } from './consent-window.ts'

const id = `con_${'0'.repeat(32)}`

function returnedWindow(given: Partial<ReturnedWindow> = {}) {
  const log: unknown[] = []
  const window: ReturnedWindow = {
    broadcast: (message) => log.push(['broadcast', message]),
    opener: { postMessage: (...message: unknown[]) => log.push(['postMessage', ...message]) },
    origin: 'https://mail.contoso.com',
    redirectedFor: null,
    forgetRedirect: () => log.push(['forgetRedirect']),
    backToSettings: () => log.push(['backToSettings']),
    close: () => log.push(['close']),
    ...given,
  }
  return { log, window }
}

it.each<[string, Partial<ReturnedWindow>, unknown[]]>([
  [
    'posts only the id, to its own origin only, and closes',
    {},
    [['postMessage', id, 'https://mail.contoso.com'], ['close']],
  ],
  ['closes when Microsoft has severed it from its opener', { opener: null }, [['close']]],
  [
    'goes back to the settings in a tab that was redirected',
    { opener: null, redirectedFor: id },
    [['forgetRedirect'], ['backToSettings']],
  ],
  [
    'closes when the redirect belongs to another consent',
    { opener: null, redirectedFor: `con_${'1'.repeat(32)}` },
    [['close']],
  ],
])('broadcasts the id, and %s', (_what, given, expected) => {
  const { log, window } = returnedWindow(given)
  tellPage(id, window)
  expect(log).toEqual([['broadcast', id], ...expected])
})
