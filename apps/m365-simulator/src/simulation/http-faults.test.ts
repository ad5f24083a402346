import { describe, expect, it } from 'vitest'
import { mail, type Simulated, simulate } from '../test-support/simulated.ts'

async function begin(): Promise<{ simulated: Simulated; send: (signal?: AbortSignal) => Promise<Response> }> {
  const simulated = await simulate()
  const { access_token: token } = await simulated.signIn('ada')
  const send = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${simulated.url}/v1.0/me/sendMail`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(mail()),
      ...(signal === undefined ? {} : { signal }),
    })
  return { simulated, send }
}

async function arrived(simulated: Simulated): Promise<number> {
  const response = await simulated.control('GET', '/mailboxes/max@contoso.com/messages')
  return ((await response.json()) as { total: number }).total
}

describe('before processing', () => {
  it('an answer replaces it: status, headers, body, and nothing arrives', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-429' })
    const response = await send()
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await response.json()).toMatchObject({ error: { code: 'ApplicationThrottled' } })
    expect(await arrived(simulated)).toBe(0)
  })

  it('a reset cuts the connection, and nothing arrives', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-reset-before' })
    await expect(send()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
    expect(await arrived(simulated)).toBe(0)
  })

  it('a hang never answers, and nothing arrives', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-hang' })
    await expect(send(AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(await arrived(simulated)).toBe(0)
  })
})

describe('after processing', () => {
  it('504 is answered although the message was accepted', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-accepted-but-504' })
    expect((await send()).status).toBe(504)
    expect(await arrived(simulated)).toBe(1)
  })

  it('a reset cuts the connection although the message was accepted', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-reset-after' })
    await expect(send()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
    expect(await arrived(simulated)).toBe(1)
  })

  it('silence follows although the message was accepted', async () => {
    const { simulated, send } = await begin()
    const effect = { kind: 'http', endpoint: 'sendMail', do: { action: 'hang', when: 'after' } }
    await simulated.control('POST', '/scenarios', { effect })
    const patience = new AbortController()
    const silent = send(patience.signal).catch((error: unknown) => error)
    await expect.poll(() => arrived(simulated)).toBe(1)
    patience.abort()
    expect(await silent).toMatchObject({ name: 'AbortError' })
  })

  it('202 may carry Retry-After', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-accepted-with-retry-after' })
    const response = await send()
    expect(response.status).toBe(202)
    expect(response.headers.get('retry-after')).toBe('2')
  })
})

describe('a scenario', () => {
  it('ends after as many times as it was switched on for', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-503', times: 2 })
    expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([503, 503, 202])
  })

  it('goes on until switched off when it is for always', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-503', times: 'always' })
    for (let sent = 0; sent < 5; sent += 1) expect((await send()).status).toBe(503)
    await simulated.control('DELETE', '/scenarios/send-503')
    expect((await send()).status).toBe(202)
  })

  it('for one mailbox leaves the others alone', async () => {
    const { simulated, send } = await begin()
    const effect = {
      kind: 'http',
      endpoint: 'sendMail',
      mailbox: 'Max@contoso.com',
      do: { action: 'answer', status: 503 },
    }
    await simulated.control('POST', '/scenarios', { effect, times: 'always' })
    const { access_token: token } = await simulated.signIn('max')
    expect((await send()).status).toBe(202)
    expect((await simulated.sendMail(token, mail())).status).toBe(503)
  })

  it('that delays goes together with one that fails', async () => {
    const { simulated, send } = await begin()
    const effect = { kind: 'http', endpoint: 'any', do: { action: 'delay', delayMs: 5 } }
    await simulated.control('POST', '/scenarios', { effect, times: 'always' })
    await simulated.control('POST', '/scenarios', { name: 'send-503' })
    expect((await send()).status).toBe(503)
    const log = (await (await simulated.control('GET', '/log')).json()) as { items: { scenarios: string[] }[] }
    expect(log.items).toContainEqual(expect.objectContaining({ endpoint: 'sendMail', scenarios: ['delay', 'answer'] }))
  })

  it.each([
    ['by its id', '/scenarios/scenario-1'],
    ['with all others', '/scenarios'],
  ])('that delays ends when it is switched off %s, also when it was used up', async (_how, path) => {
    const { simulated, send } = await begin()
    const effect = { kind: 'http', endpoint: 'sendMail', do: { action: 'delay', delayMs: 600_000 } }
    await simulated.control('POST', '/scenarios', { effect })
    const answer = send()
    const underWay = async () => {
      const { mailboxes } = (await (await simulated.control('GET', '/counters')).json()) as any // oxlint-disable-line typescript/no-explicit-any -- tests assert on its shape
      return mailboxes['ada@contoso.com']?.inFlight
    }
    await expect.poll(underWay).toBe(1)
    await simulated.control('DELETE', path)
    expect((await answer).status).toBe(202)
  })

  it('that skips requests lets them pass first', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-503', skip: 2 })
    const statuses = [await send(), await send(), await send(), await send()].map(({ status }) => status)
    expect(statuses).toEqual([202, 202, 503, 202])
  })

  it('frees the mailbox when the client gives up on a hanging request', async () => {
    const { simulated, send } = await begin()
    await simulated.control('POST', '/scenarios', { name: 'send-hang', times: 4 })
    const patience = new AbortController()
    const hanging = Promise.allSettled(Array.from({ length: 4 }, () => send(patience.signal)))
    const scenarios = async (): Promise<unknown> => (await simulated.control('GET', '/scenarios')).json()
    await expect.poll(scenarios).toMatchObject({ active: [] })
    patience.abort()
    await hanging
    await expect.poll(async () => (await send()).status).toBe(202)
  })
})
