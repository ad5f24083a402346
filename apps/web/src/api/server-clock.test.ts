import { expect, it } from 'vitest'
import { createServerClock } from './server-clock.ts'

const SERVER = 'Tue, 24 Nov 2026 10:00:00 GMT'

it.each([
  ['is an hour behind', '2026-11-24T09:00:00.000Z'],
  ['is a day ahead', '2026-11-25T10:00:00.000Z'],
])('tells the server’s time where the clock of the browser %s', (_which, time) => {
  let now = new Date(time)
  const clock = createServerClock(() => now)
  clock.hear(SERVER)
  now = new Date(now.getTime() + 60_000)
  expect(clock.now()).toEqual(new Date('2026-11-24T10:01:00.000Z'))
})

it('leaves the time alone where both clocks agree, or the server tells none', () => {
  const now = new Date('2026-11-24T10:00:03.500Z')
  const clock = createServerClock(() => now)
  for (const date of [SERVER, null, 'soon']) {
    clock.hear(date)
    expect(clock.now()).toEqual(now)
  }
})
