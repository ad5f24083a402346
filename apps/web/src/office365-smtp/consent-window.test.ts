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

it('posts only the id, to its own origin only, and closes', () => {
  const { log, window } = returnedWindow()
  tellPage(id, window)
  expect(log).toEqual([['broadcast', id], ['postMessage', id, 'https://mail.contoso.com'], ['close']])
})

it('broadcasts and closes when Microsoft has severed it from its opener', () => {
  const { log, window } = returnedWindow({ opener: null })
  tellPage(id, window)
  expect(log).toEqual([['broadcast', id], ['close']])
})

it('goes back to the settings in a tab that was redirected', () => {
  const { log, window } = returnedWindow({ opener: null, redirectedFor: id })
  tellPage(id, window)
  expect(log).toEqual([['broadcast', id], ['forgetRedirect'], ['backToSettings']])
})

it('closes when the redirect belongs to another consent', () => {
  const { log, window } = returnedWindow({ opener: null, redirectedFor: `con_${'1'.repeat(32)}` })
  tellPage(id, window)
  expect(log).toEqual([['broadcast', id], ['close']])
})
