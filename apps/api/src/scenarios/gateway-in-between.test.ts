import { beforeEach, expect, it } from 'vitest'
import { MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { untilIdle } from '../test-support/until-idle.ts'
import { useDeliveryGround } from '../test-support/use-ground.ts'

// A proxy, firewall or service mesh answers in Microsoft's place. Each kind of answer is told apart in packages/m365.

const ground = useDeliveryGround()
beforeEach(() => ground.calm())

it.each([
  ['mesh-403', ['403', 'text/plain', 'RBAC: access denied']],
  ['portal-302', ['302']],
])(
  'lets a message wait that %s refuses, tries it three times within 30 s, and says who answered',
  async (name, said) => {
    const since = ground.clock.now()
    await ground.switchOn(`gateway-${name}`, 2)
    const { id } = await ground.service.submit({ subject: name })

    for (const count of [1, 2]) {
      const { attempts, nextAttemptAt } = await ground.service.until(id, {
        status: 'queued',
        problem: null,
        attempts: [{ outcome: 'unavailable', code: null, count }],
      })
      for (const text of [...said, 'Something between this server and Microsoft', '127.0.0.1'])
        expect(attempts[0].detail).toContain(text)
      await ground.pass(Date.parse(nextAttemptAt) - ground.clock.now().getTime())
    }

    expect(await ground.service.until(id, { status: 'sent' })).toMatchObject({ possibleDuplicate: false })
    expect(await ground.arrived(name)).toBe(1)
    const tries = await ground.requestTimes('sendMail', since)
    expect(tries).toHaveLength(3)
    expect(Math.max(...tries)).toBeLessThan(30 * SECONDS)
    expect((await ground.requestTimes('token', since)).length).toBeLessThanOrEqual(1) // no refusal was about the token
  },
)

it.each(['portal-200', 'portal-202'])('loses no message to %s, which accepts whatever it is sent', async (name) => {
  await ground.switchOn(`gateway-${name}`)
  const { id } = await ground.service.submit({ subject: name })

  const { nextAttemptAt } = await ground.service.until(id, { status: 'queued', attempts: [{ outcome: 'unknown' }] })
  await ground.pass(Date.parse(nextAttemptAt) - ground.clock.now().getTime())
  await ground.service.until(id, { status: 'sent', possibleDuplicate: true })
  expect(await ground.arrived(name)).toBe(1)
})

it('asks a gateway that refuses all mail seldom, and sends all of it once it does not', async () => {
  const since = ground.clock.now()
  await ground.switchOn('gateway-mesh-403', 'always')
  const messages = 20
  await Promise.all(Array.from({ length: messages }, () => ground.service.submit({ subject: 'All wait' })))
  const asked = async () => (await ground.requestTimes('sendMail', since)).length
  await untilIdle(ground)
  for (let second = 0; second < 60; second += 5) {
    await ground.pass(5 * SECONDS)
    await untilIdle(ground)
  }
  expect(await asked()).toBeLessThan(messages)
  const overview = async () => (await ground.service.get('/api/v1/overview')).json
  expect(await overview()).toMatchObject({
    mail: 'delayed',
    sentence: expect.stringContaining('answers in Microsoft’s place, for 127.0.0.1'),
    waiting: { lastLeavesAt: expect.any(String) },
    limits: { pausedBecause: { code: 'gateway', host: expect.stringContaining('127.0.0.1'), status: 403 } },
  })

  await ground.microsoft.control('DELETE', '/scenarios')
  await ground.pass(5 * MINUTES)
  await expect.poll(() => ground.arrived('All wait'), { interval: 100 }).toBe(messages)
})
