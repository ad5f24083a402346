import pino from 'pino'
import { expect, it } from 'vitest'
import { ProblemError } from '../http/problem.ts'
import { createLogins, type Authenticate } from './login.ts'

function start(authenticate: Authenticate, isKey = async (_text: string) => false) {
  const waits: number[] = []
  const lines: { client: string; user: string | null }[] = []
  let nowMs = 1_000
  const logIn = createLogins({
    authenticate,
    isKey,
    outageOf: ({ message }: Error) => (message === 'away' ? 'database-away' : null),
    elapsedMs: () => nowMs,
    logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    wait: async (ms) => void waits.push(ms),
  } as Parameters<typeof createLogins>[0])
  const given = (client: string, user: string) => ({ user, password: 'imk_x', client })
  return {
    waits,
    lines,
    logIn: (client = '192.0.2.1', user = 'scanner') => logIn(given(client, user)),
    pass: (ms: number) => (nowMs += ms),
  }
}

const refuse: Authenticate = async () => {
  throw new ProblemError('invalid-service-key', 'No.')
}

it('answers each of 50 failed logins of an address later than the one before, by a second at most, and logs five', async () => {
  const { logIn, waits, lines } = start(refuse)
  for (let count = 0; count < 50; count++) await expect(logIn()).rejects.toMatchObject({ responseCode: 535 })

  expect(lines).toHaveLength(5)
  expect(waits).toEqual(Array.from({ length: 50 }, (_, index) => (index + 1) * 20))
  await expect(logIn()).rejects.toThrow('5.7.8')
  expect(waits.at(-1)).toBe(1_000)
})

it('counts each address alone, and forgets after a quarter of an hour', async () => {
  const { logIn, waits, pass } = start(refuse)
  for (const client of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) await expect(logIn(client)).rejects.toThrow('5.7.8')
  pass(15 * 60_000 + 1)
  await expect(logIn()).rejects.toThrow('5.7.8')

  expect(waits).toEqual([20, 40, 20, 20])
})

it.each([new Error('away'), new Error('a fault of ours')])(
  'asks to try again, and slows nobody down, at %s',
  async (error) => {
    const { logIn, waits } = start(async () => {
      throw error
    })
    await expect(logIn()).rejects.toMatchObject({ responseCode: 454 })
    expect(waits).toEqual([])
  },
)

it.each([
  ['a seeded key with @', 'p@ssw0rd!p@ssw0rd!p@ssw0rd!p@ssw0rd!'],
  ['a key that looks like a mail address', 'key-of-an-unattended-installation@contoso.com'],
  ['a key with something around it', 'the key is 0123456789abcdef0123456789abcdef'],
])('logs nothing of %s in place of the user name', async (_what, user) => {
  const { logIn, lines } = start(refuse, async (text) => text === 'key-of-an-unattended-installation@contoso.com')
  await expect(logIn('192.0.2.1', user)).rejects.toThrow('5.7.8')

  expect(lines).toMatchObject([{ user: null }])
  expect(JSON.stringify(lines)).not.toContain(user.slice(0, 20))
})

it('logs nothing of a mail address that may be a key while the database cannot say', async () => {
  const { logIn, lines } = start(refuse, async () => {
    throw new Error('away')
  })
  await expect(logIn('192.0.2.1', 'scanner-of-the-second-floor@contoso.com')).rejects.toThrow('5.7.8')
  expect(lines).toMatchObject([{ user: null }])
})

it.each(['scanner-of-the-second-floor@contoso.com', 'the scanner on the second floor of building 7'])(
  'logs the long name %s',
  async (user) => {
    const { logIn, lines } = start(refuse)
    await expect(logIn('192.0.2.1', user)).rejects.toThrow('5.7.8')
    expect(lines).toMatchObject([{ user }])
  },
)
