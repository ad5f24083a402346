import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { newId } from '../../test-support/new-id.ts'
import { untilSomethingWaits } from '../../test-support/scenario.ts'
import { ADA, createQueueFixture, newMessage } from '../../test-support/queue-fixture.ts'

const MIB = 1024 * 1024
const STORAGE_BYTES = 1_000 * MIB

const fixture = await createQueueFixture({ storageBytes: STORAGE_BYTES })
const { messages, receiving } = fixture.queue
afterAll(() => fixture.close())
beforeEach(() => fixture.addDataKey('dky_1'))
afterEach(() => fixture.database.empty('messages', 'data_keys'))

/** The page has no name that a service could not have. */
const PAGE = null
const sized = (service: string | null, mib: number) =>
  newMessage({
    service: service ?? 'tenant-settings',
    ofPage: service === PAGE,
    storedBytes: mib * MIB,
    addedBytes: mib * MIB,
    openBytes: 0,
  })

/** Stores a message of so many MiB. Returns 'stored', or what its service holds, in MiB, where that is in the way. */
async function store(service: string | null, mib: number): Promise<string | number | null> {
  const submitted = await messages.submit({ messages: [sized(service, mib)], idempotency: null })
  if (submitted.outcome !== 'storage-full') return submitted.outcome
  return submitted.heldBytes && submitted.heldBytes / MIB
}

/** Reserves storage for a message that arrives. Returns how much, in MiB, or what is in the way. */
async function arrive(service: string, neededMib: number, wantedMib: number): Promise<number | null> {
  const id = newId('message')
  await receiving.begin({ id, tenantId: ADA, service, dataKey: 'dky_1' })
  const reserved = await receiving.reserve(id, { neededBytes: neededMib * MIB, wantedBytes: wantedMib * MIB })
  if (reserved === null) throw new Error('The message is gone.')
  return 'full' in reserved ? reserved.full.heldBytes && -reserved.full.heldBytes / MIB : reserved.reservedBytes / MIB
}

it.each<[string, ...[service: string | null, mib: number, expected: string | number | null][]]>([
  ['one service nine tenths', ['a', 500, 'stored'], ['a', 400, 'stored'], ['a', 1, 900]],
  [
    'a small one more, but for the last MiB',
    ['a', 900, 'stored'],
    ['b', 50, 'stored'],
    ['b', 49, 'stored'],
    ['b', 1, null],
  ],
  ['an admin the last MiB', ['a', 900, 'stored'], ['b', 99, 'stored'], [PAGE, 1, 'stored'], ['c', 1, null]],
  [
    'no service the last MiB, whatever its name is,',
    ['a', 900, 'stored'],
    ['b', 99, 'stored'],
    ['tenant-settings', 1, null],
  ],
  [
    'no service more than nine tenths, whatever its name is,',
    ['tenant-settings', 900, 'stored'],
    ['tenant-settings', 1, 900],
  ],
  ['a small one more as long as it stays small', ['a', 850, 'stored'], ['b', 99, 'stored'], ['b', 1, 99]],
  ['none more that would not stay small', ['a', 850, 'stored'], ['b', 100, 0], ['b', 90, 'stored']],
])('lets %s be stored', async (_what, ...steps) => {
  for (const [service, mib, expected] of steps)
    expect([service, mib, await store(service, mib)]).toEqual([service, mib, expected])
})

it('keeps no small service out for what a large one submits at the same moment', async () => {
  await store('a', 890)
  const stored = await Promise.all([
    ...Array.from({ length: 10 }, () => store('a', 4)),
    ...Array.from({ length: 3 }, () => store('b', 30)),
  ])

  expect(stored.slice(10)).toEqual(['stored', 'stored', 'stored'])
  expect(stored.slice(0, 10).filter((outcome) => outcome === 'stored').length).toBeLessThanOrEqual(2)
})

it('lets a service grow through two processes at once no further than through one', async () => {
  await store('a', 850)
  const release = await fixture.database.lockRow('counters', ADA, 'tenant_id')
  const submitted = [fixture.queue, fixture.newProcess()].map((process) =>
    process.messages.submit({ messages: [sized('b', 60)], idempotency: null }),
  )
  await untilSomethingWaits(fixture, 2)
  await release()

  const outcomes = (await Promise.all(submitted)).map(({ outcome }) => outcome)
  expect(outcomes.toSorted()).toEqual(['storage-full', 'stored'])
})

it('takes a batch whole or not at all', async () => {
  await store('a', 895)
  const batch = (service: string) =>
    messages.submit({ messages: [sized(service, 4), sized(service, 4)], idempotency: null })

  expect(await batch('a')).toMatchObject({ outcome: 'storage-full', heldBytes: 895 * MIB })
  expect(await batch('b')).toMatchObject({ outcome: 'stored' })
})

it('holds messages that arrive to the same, and reserves no more than there is', async () => {
  expect(await arrive('a', 500, 600)).toBe(600)
  expect(await arrive('a', 301, 400)).toBe(-600)
  expect(await arrive('b', 100, 160)).toBe(160)
  expect(await arrive('c', 100, 100)).toBe(100)
  expect(await arrive('c', 50, 50)).toBe(-100)
  expect(await arrive('c', 10, 50)).toBe(40)
  expect(await arrive('d', 50, 60)).toBe(60)
  expect(await arrive('d', 39, 60)).toBe(39)
  expect(await arrive('e', 1, 1)).toBeNull()
})

it('counts what an older version stored, which does not say whose it is', async () => {
  await store('a', 900)
  await fixture.database.query('UPDATE message_contents SET service = NULL')

  expect([await store('a', 1), await store('b', 1)]).toEqual([900, 'stored'])
})

it('tells how much is stored, and by whom most, also of what an older version has stored', async () => {
  const { upkeep } = fixture.queue
  const empty = await upkeep.readStorage(ADA)
  for (const [service, mib] of [
    ['a', 30],
    ['b', 10],
    ['b', 50],
    ['c', 2],
    ['d', 1],
  ] as const)
    await store(service, mib)
  await fixture.database.query(`UPDATE message_contents SET service = NULL WHERE service = 'a'`)

  expect([empty, await upkeep.readStorage(ADA)]).toEqual([
    { usedBytes: 0, limitBytes: STORAGE_BYTES },
    { usedBytes: 93 * MIB, limitBytes: STORAGE_BYTES },
  ])
  expect(await upkeep.findLargestServices(ADA)).toEqual([
    { name: 'b', bytes: 60 * MIB },
    { name: 'a', bytes: 30 * MIB },
    { name: 'c', bytes: 2 * MIB },
  ])
})
