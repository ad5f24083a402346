import { Socket } from 'node:net'
import type pg from 'pg'
import { expect, it, vi } from 'vitest'
import { useTestDatabase, useLink } from '../test-support/test-database.ts'
import { systemTimers } from '../runtime/clock.ts'
import { keepConnected } from './keep-connected.ts'

const database = useTestDatabase()
const link = useLink(() => database)

const connections = () =>
  database.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'kept'`)
const name = (client: { query(statement: string): Promise<unknown> }) => client.query(`SET application_name = 'kept'`)

it('prepares every new connection after a break, until it is stopped', async () => {
  const kept = keepConnected(link.url, systemTimers, async (client) => void (await name(client)))
  await kept.first
  expect(await connections()).toHaveLength(1)

  link.cut()
  await expect.poll(() => kept.client()).toBeNull()
  link.mend()
  await expect.poll(() => kept.client()).not.toBeNull()
  await expect.poll(connections).toHaveLength(1)

  await kept.stop()
  await expect.poll(connections).toEqual([])
})

it('reports a first connection that fails, and still makes one later', async () => {
  link.cut()
  const kept = keepConnected(link.url, systemTimers, async (client) => void (await name(client)))
  await expect(kept.first).rejects.toBeInstanceOf(Error)

  link.mend()
  await expect.poll(() => kept.client()).not.toBeNull()
  await kept.stop()
  await expect.poll(connections).toEqual([])
})

it('has the system look within seconds for a server that went away without a word', async () => {
  const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
  try {
    const kept = keepConnected(link.url, systemTimers, async (client) => void (await name(client)))
    await kept.first
    await kept.stop()
    expect(setKeepAlive.mock.calls).toEqual([[true, 10_000]])
  } finally {
    setKeepAlive.mockRestore()
  }
})

it('opens a connection again that falls silent while it is prepared', async () => {
  let attempts = 0
  const prepare = async (client: pg.Client) => {
    if (++attempts === 1) link.hold()
    await name(client)
  }
  const kept = keepConnected(link.url, systemTimers, prepare, { silenceTimeoutMs: 1_000 })
  await expect(kept.first).rejects.toThrow('timeout')

  link.mend()
  await expect.poll(() => kept.client()).not.toBeNull()
  await kept.stop()
  await expect.poll(connections).toEqual([])
})
