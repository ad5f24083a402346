import { expect, it } from 'vitest'
import type { Holder } from '../memory/shares.ts'
import { createConnectionPlaces } from './connection-places.ts'

interface Caller {
  dismissed: string | null
  dismiss(refusal: Error): void
}

/** Places, and timers that a test lets run out. */
function open() {
  const waits = new Set<() => void>()
  const displacedFor: string[] = []
  const places = createConnectionPlaces<Caller>({
    beforeLoginPerAddress: 20,
    loginWithinMs: 30_000,
    timers: {
      after(_ms, call) {
        waits.add(call)
        return () => void waits.delete(call)
      },
    },
    onDisplaced: (address) => displacedFor.push(address),
  })
  function connect(address = '192.0.2.1'): Caller {
    const caller: Caller = {
      dismissed: null,
      dismiss: ({ message }) => {
        caller.dismissed = message
        places.leave(caller)
      },
    }
    places.enter(caller, address)
    return caller
  }
  function logIn(caller: Caller, holder: Holder = 'service a', keyId = 'key'): string | null {
    try {
      places.logIn(caller, { holder, keyId })
      return null
    } catch (error) {
      places.leave(caller)
      return (error as Error).message
    }
  }
  return { places, connect, logIn, waits, displacedFor }
}

it('ends connections on which nobody logs in in time, and none on which somebody did', () => {
  const { connect, logIn, waits } = open()
  const [silent, loggedIn, gone] = [connect(), connect(), connect()]
  expect(logIn(loggedIn)).toBeNull()
  gone.dismiss(new Error('gone'))
  for (const end of waits) end()

  expect([silent, loggedIn, gone].map(({ dismissed }) => dismissed)).toEqual([
    expect.stringMatching(/^4\.4\.2 Nobody logged in within 30 seconds/),
    null,
    'gone',
  ])
})

it.each([
  ['20 of an address, and of others as many', ['192.0.2.1', '192.0.2.2', '2001:db8:0:1::1'], 20, 0],
  ['20 of an address', ['192.0.2.1'], 30, 10],
  ['20 of a /64', ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1:f::'], 10, 10],
  ['200 in all', Array.from({ length: 50 }, (_, index) => `192.0.2.${index}`), 5, 50],
])('lets %s wait for a login', (_what, addresses, ofEach, displaced) => {
  const { connect, displacedFor } = open()
  const callers = addresses.flatMap((address) => Array.from({ length: ofEach }, () => connect(address)))

  const ended = callers.filter(({ dismissed }) => dismissed !== null)
  expect([ended.length, displacedFor.length]).toEqual([displaced, displaced])
  for (const { dismissed } of ended) expect(dismissed).toMatch(/^4\.7\.0 Too many connections wait for a login/)
})

it('lets somebody in although a thousand of one address have not logged in', () => {
  const { connect, logIn } = open()
  const other = connect('192.0.2.9')
  for (let count = 0; count < 1_000; count++) connect()
  const another = connect('192.0.2.8')

  expect([other, another].map(({ dismissed }) => dismissed)).toEqual([null, null])
  expect([logIn(other), logIn(another)]).toEqual([null, null])
})

it('lets a key have 200 connections, and a service its share of 800, also all from one address', () => {
  const { connect, logIn } = open()
  const refusals = new Set<string | null>()
  let loggedIn = 0
  for (let key = 0; key < 5; key++)
    for (let count = 0; count < 201; count++) {
      const refusal = logIn(connect(), 'service a', `key ${key}`)
      if (refusal === null) loggedIn += 1
      else refusals.add(refusal.slice(0, 40))
    }
  expect(loggedIn).toBe(600)
  expect(refusals).toEqual(
    new Set(
      ['4.7.0 Too many connections with this key', '4.7.0 600 of the 800 connections that ma'].map((text) =>
        text.slice(0, 40),
      ),
    ),
  )

  expect(logIn(connect(), 'service b', 'another key')).toBeNull()
})

it('counts a connection once that logs in again after STARTTLS, and none that is closed', () => {
  const { places, connect, logIn } = open()
  const again = connect()
  for (let count = 0; count < 1_000; count++) expect(logIn(again)).toBeNull()
  for (let count = 0; count < 1_000; count++) {
    const caller = connect()
    expect(logIn(caller)).toBeNull()
    places.leave(caller)
  }
})
