import { beforeEach, expect, it } from 'vitest'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { untilIdle } from '../test-support/until-idle.ts'
import { useDeliveryFixture } from '../test-support/use-fixture.ts'

// A proxy, firewall or service mesh answers in Microsoft's place. Each kind of answer is told apart in packages/m365.

const fixture = useDeliveryFixture()
beforeEach(() => fixture.calm())

it.each([
  ['mesh-403', ['403', 'text/plain', 'RBAC: access denied']],
  ['portal-302', ['302']],
])(
  'lets a message wait that %s refuses, tries it three times within 30 s, and says who answered',
  async (name, said) => {
    const since = fixture.clock.now()
    await fixture.switchOn(`gateway-${name}`, 2)
    const { id } = await fixture.service.submit({ subject: name })

    for (const count of [1, 2]) {
      const { attempts, nextAttemptAt } = await fixture.service.until(id, {
        status: 'queued',
        problem: null,
        attempts: [{ outcome: 'unavailable', code: null, count }],
      })
      for (const text of [...said, 'Something between this server and Microsoft', '127.0.0.1'])
        expect(attempts[0].detail).toContain(text)
      await fixture.pass(Date.parse(nextAttemptAt) - fixture.clock.now().getTime())
    }

    expect(await fixture.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    expect(await fixture.arrived(name)).toBe(1)
    const tries = await fixture.requestTimes('sendMail', since)
    expect(tries).toHaveLength(3)
    expect(Math.max(...tries)).toBeLessThan(30 * SECONDS)
    expect((await fixture.requestTimes('token', since)).length).toBeLessThanOrEqual(1) // no refusal was about the token
  },
)

it.each(['portal-200', 'portal-202'])('loses no message to %s, which accepts whatever it is sent', async (name) => {
  await fixture.switchOn(`gateway-${name}`)
  const { id } = await fixture.service.submit({ subject: name })

  const { nextAttemptAt } = await fixture.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown' }] })
  await fixture.pass(Date.parse(nextAttemptAt) - fixture.clock.now().getTime())
  await fixture.service.until(id, { status: 'sent', possibleDuplicate: true })
  expect(await fixture.arrived(name)).toBe(1)
})

it('asks a gateway that refuses all mail seldom, and sends all of it once it does not', async () => {
  const since = fixture.clock.now()
  await fixture.switchOn('gateway-mesh-403', 'always')
  const messages = 20
  await Promise.all(Array.from({ length: messages }, () => fixture.service.submit({ subject: 'All wait' })))
  const asked = async () => (await fixture.requestTimes('sendMail', since)).length
  await untilIdle(fixture)
  for (let second = 0; second < 60; second += 5) {
    await fixture.pass(5 * SECONDS)
    await untilIdle(fixture)
  }
  expect(await asked()).toBeLessThan(messages)
  const overview = async () => (await fixture.service.get('/api/v1/overview')).json
  expect(await overview()).toMatchObject({
    mail: 'delayed',
    sentence: expect.stringContaining('answers in Microsoft’s place, for 127.0.0.1'),
    waiting: { lastLeavesAt: expect.any(String) },
    limits: { pausedBecause: { code: 'gateway', host: expect.stringContaining('127.0.0.1'), status: 403 } },
  })

  await fixture.microsoft.control('DELETE', '/scenarios')
  await fixture.pass(5 * MINUTES)
  await expect.poll(() => fixture.arrived('All wait'), { interval: 100 }).toBe(messages)
})
