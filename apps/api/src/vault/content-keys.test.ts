import { randomBytes } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createContentKeys, type ContentKeys } from './content-keys.ts'
import { createDataKeys, type DataKeys } from '../queue/intake/data-keys.ts'
import { newId } from '../test-support/new-id.ts'
import { newKey, vaultOf } from '../test-support/sealed-rows.ts'
import { createTestClock, HOURS, MINUTES, type TestClock } from '../test-support/test-clock.ts'
import { useTestDatabase } from '../test-support/test-database.ts'

const vault = vaultOf(newKey('k1'))

const test = useTestDatabase()
let clock: TestClock

beforeAll(async () => {
  clock = createTestClock()
  await clock.govern(test)
})
beforeEach(() => test.empty('data_keys'))

function stored(changes: Partial<DataKeys> = {}): DataKeys {
  return { ...createDataKeys(test.pool), ...changes }
}

/** The content keys as another process uses them. */
function newProcess(changes: Partial<Parameters<typeof createContentKeys>[0]> = {}): ContentKeys {
  const elapsedMs = () => clock.now().getTime()
  return createContentKeys({ store: stored(), vault, random: randomBytes, newId, elapsedMs, ...changes })
}

const message = (id: string, tenantId = 'ten_1') => ({ id, tenantId })

/** A stored message, under a key that is derived from a data key. */
const under = (dataKey: string, id: string, tenantId = 'ten_1') => ({ id, tenantId, dataKey, contentKeySealed: null })

const dataKeys = () => test.query<{ id: string; tenant_id: string }>('SELECT * FROM data_keys ORDER BY tenant_id, hour')

describe('a data key', () => {
  it('is shared by the messages of a tenant and hour, each with a content key of its own', async () => {
    const keys = newProcess()

    const one = await keys.forNewMessage(message('msg_1'))
    await clock.advance(1 * MINUTES)
    const other = await keys.forNewMessage(message('msg_2'))

    expect(other.dataKey).toBe(one.dataKey)
    expect(other.contentKey).not.toBe(one.contentKey)
    expect(await dataKeys()).toHaveLength(1)
  })

  it('changes every hour, five minutes after the hour at the latest', async () => {
    const keys = newProcess()
    await clock.advance(HOURS - (clock.now().getTime() % HOURS) - 1 * MINUTES)
    const last = await keys.forNewMessage(message('msg_1')) // at one minute to the hour

    await clock.advance(6 * MINUTES)
    const next = await keys.forNewMessage(message('msg_2'))

    expect(next.dataKey).not.toBe(last.dataKey)
    expect(await stored().current('ten_1')).toMatchObject({ id: next.dataKey })
    expect(await dataKeys()).toHaveLength(2)
  })

  it('is read from the database if another process has created it', async () => {
    const one = await newProcess().forNewMessage(message('msg_1'))

    const other = await newProcess().forNewMessage(message('msg_1'))

    expect(other).toEqual(one)
  })

  it('is created once for many concurrent messages', async () => {
    const made: string[] = []
    const store = stored({
      async add(tenantId, key) {
        made.push(key.id)
        await stored().add(tenantId, key)
      },
    })
    const keys = newProcess({ store })

    const all = await Promise.all(Array.from({ length: 50 }, (_, index) => keys.forNewMessage(message(`msg_${index}`))))

    expect(made).toHaveLength(1)
    expect(new Set(all.map(({ dataKey }) => dataKey))).toEqual(new Set(made))
    expect(new Set(all.map(({ contentKey }) => contentKey)).size).toBe(50)
  })

  it('is created again if its hour ends before it is stored', async () => {
    let first = true
    const store = stored({
      async add(tenantId, key) {
        await stored().add(tenantId, key)
        if (first) await clock.advance(1 * HOURS)
        first = false
      },
    })

    const { dataKey } = await newProcess({ store }).forNewMessage(message('msg_1'))

    expect(await stored().current('ten_1')).toMatchObject({ id: dataKey })
  })

  it('is stored sealed', async () => {
    const { dataKey } = await newProcess().forNewMessage(message('msg_1'))

    const row = await stored().read(dataKey)

    const owner = { tenant: 'ten_1', record: dataKey, purpose: 'data-key' }
    expect(Buffer.from(await vault.open(row?.keySealed as never, owner), 'base64url')).toHaveLength(32)
    await expect(vault.open(row?.keySealed as never, { ...owner, tenant: 'ten_2' })).rejects.toThrow(
      'was not sealed for',
    )
  })
})

describe('a stored message', () => {
  it('has the same content key in another process', async () => {
    const { dataKey, contentKey } = await newProcess().forNewMessage(message('msg_1'))

    expect(await newProcess().forStoredMessage(under(dataKey, 'msg_1'))).toBe(contentKey)
  })

  it('has no key under the data key of another tenant, even if that is cached', async () => {
    const keys = newProcess()
    const { dataKey } = await keys.forNewMessage(message('msg_1'))

    await expect(keys.forStoredMessage(under(dataKey, 'msg_1', 'ten_2'))).rejects.toThrow('was not sealed for')
    await expect(newProcess().forStoredMessage(under(dataKey, 'msg_1', 'ten_2'))).rejects.toThrow('was not sealed for')
    await expect(keys.forStoredMessage(under(dataKey, 'msg_1'))).resolves.toEqual(expect.any(String))
  })

  it('has no key if its data key is gone', async () => {
    await expect(newProcess().forStoredMessage(under('dky_gone', 'msg_1'))).rejects.toThrow('is gone')
  })

  it('uses the key of its own that version 1.0.0 stored', async () => {
    const owner = { tenant: 'ten_1', record: 'msg_1', purpose: 'content-key' }
    const contentKeySealed = await vault.seal('the key', owner)

    const keys = newProcess()

    expect(await keys.forStoredMessage({ id: 'msg_1', tenantId: 'ten_1', dataKey: null, contentKeySealed })).toBe(
      'the key',
    )
    for (const moved of [message('msg_2'), message('msg_1', 'ten_2')])
      await expect(keys.forStoredMessage({ ...moved, dataKey: null, contentKeySealed })).rejects.toThrow(
        'was not sealed for',
      )
  })

  it('has no key if neither is stored', async () => {
    const gone = { id: 'msg_1', tenantId: 'ten_1', dataKey: null, contentKeySealed: null }

    await expect(newProcess().forStoredMessage(gone)).rejects.toThrow('The content of msg_1 is gone.')
  })
})
