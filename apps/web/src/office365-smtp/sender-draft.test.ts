import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/examples.ts'
import { english } from '../test-support/languages.ts'
import {
  isSharedSender,
  permissionsAsked,
  planSender,
  planText,
  readUnsaved,
  senderValues,
  withEntry,
  withoutSaved,
} from './sender-draft.ts'
import { createUnsavedMemory } from '../environment.ts'

const fromEmail = 'reports@contoso.com'
const largeGranted = { largeAttachments: { enabled: true, locked: true } }

describe('planSender without a mailbox', () => {
  it.each([
    ['no address', {}, 'To enable, enter the From Email Address first.'],
    [
      'an address that is not valid',
      { fromEmail: 'reports@contoso' },
      'To enable, correct the From Email Address. The part after the @ needs a dot, as in contoso.com.',
    ],
  ])('is blocked by %s and says so', (_what, draft, because) => {
    expect(planSender(exampleSettings(), draft, english)).toEqual({ kind: 'blocked', because })
  })

  it('configures a valid address, with the toggle as it is set', () => {
    expect(planSender(exampleSettings(), { fromEmail, largeAttachments: true }, english)).toEqual({
      kind: 'start',
      start: { purpose: 'configure', sender: { fromEmail, largeAttachments: true } },
    })
  })
})

describe('planSender with a mailbox', () => {
  const another = 'alerts@contoso.com'
  const changesAddress = { purpose: 'update-sender', sender: { fromEmail: another } } as const

  it.each([
    ['nothing has changed', {}, 'nothing to save'],
    ['only the spelling of the address has changed', { fromEmail: 'Reports@Contoso.com' }, 'nothing to save'],
    ['the address is emptied', { fromEmail: '' }, 'use Reset'],
  ])('is blocked when %s', (_what, draft, because) => {
    expect(planSender(connectedExample(), draft, english)).toEqual({
      kind: 'blocked',
      because: expect.stringContaining(because),
    })
  })

  it.each([
    ['a new address alone', {}, { fromEmail: another }, changesAddress],
    ['a new address without asking again for what is granted', largeGranted, { fromEmail: another }, changesAddress],
    ['the toggle alone', {}, { largeAttachments: true }, { purpose: 'large-attachments' }],
    [
      'a new address and the toggle in one consent',
      {},
      { fromEmail: another, largeAttachments: true },
      { purpose: 'update-sender', sender: { fromEmail: another, largeAttachments: true } },
    ],
    [
      'a new address while a reconnect is required',
      { status: 'reconnect-required' },
      { fromEmail: another },
      changesAddress,
    ],
  ] as const)('saves %s', (_what, settings, draft, start) => {
    expect(planSender(connectedExample(settings), draft, english)).toEqual({ kind: 'start', start })
  })

  it('names both changes when both are saved', () => {
    const settings = connectedExample()
    const plan = planSender(settings, { fromEmail: another, largeAttachments: true }, english)
    expect(planText(plan, settings, english)).toBe(
      "Changes the sender to alerts@contoso.com and enables large file attachments once Microsoft's consent completes.",
    )
  })
})

describe('senderValues', () => {
  it.each([
    ['the settings when nothing has been entered', {}],
    ['a granted toggle as granted, whatever was entered before', { largeAttachments: false }],
  ])('shows %s', (_what, draft) => {
    expect(senderValues(connectedExample(largeGranted), draft)).toEqual({ fromEmail, largeAttachments: true })
  })
})

describe('the draft', () => {
  it.each([
    ['drops an entry that equals the settings', { fromEmail: 'x@contoso.com' }, { fromEmail }, {}],
    ['keeps another spelling as typed', {}, { fromEmail: 'Reports@contoso.com' }, { fromEmail: 'Reports@contoso.com' }],
    ['keeps an emptied address', {}, { fromEmail: '' }, { fromEmail: '' }],
  ])('%s', (_what, draft, entry, expected) => {
    expect(withEntry(connectedExample(), draft, entry)).toEqual(expected)
  })

  it('drops what the changed settings now say, and keeps the rest', () => {
    const draft = { fromEmail: 'Reports@contoso.com', largeAttachments: true }
    expect(withoutSaved(connectedExample(), draft)).toEqual({ largeAttachments: true })
  })

  it('drops a toggle that the server has locked', () => {
    expect(withoutSaved(connectedExample(largeGranted), { largeAttachments: false })).toEqual({})
  })
})

it.each([
  ['of a person for their own address', 'Ada@contoso.com', false, 'delegated', ['Mail.Send', 'User.Read']],
  ['of a person for a shared mailbox', fromEmail, false, 'delegated', ['Mail.Send', 'Mail.Send.Shared', 'User.Read']],
  ['of a person for an address that is not valid', 'reports@', false, 'delegated', ['Mail.Send', 'User.Read']],
  ['of a person with large files', 'Ada@contoso.com', true, 'delegated', ['Mail.Send', 'Mail.ReadWrite', 'User.Read']],
  ['of the application', fromEmail, false, 'application', ['Mail.Send']],
  ['of the application with large files', fromEmail, true, 'application', ['Mail.Send', 'Mail.ReadWrite']],
] as const)('asks for the permissions %s', (_what, address, largeAttachments, graphAuth, permissions) => {
  const isShared = isSharedSender(exampleSettings(), address, 'ada@contoso.com')
  expect(permissionsAsked({ isShared, largeAttachments }, exampleSettings(), graphAuth)).toEqual(permissions)
})

it('asks again for the permission to send for others where somebody else sends from the admin’s own address', () => {
  const settings = connectedExample({ fromEmail: 'ada@contoso.com' })
  const isShared = isSharedSender(settings, 'Ada@contoso.com', 'ada@contoso.com')
  const permissions = permissionsAsked({ isShared, largeAttachments: true }, settings, 'delegated')
  expect(permissions).toEqual(['Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite', 'User.Read'])
  expect(isSharedSender(settings, 'bob@contoso.com', 'bob@contoso.com')).toBe(false)
})

const nowhere = { getItem: () => null, setItem: () => {}, removeItem: () => {} }

it.each(['{', '{"draft":{}}', '{"settings":{"draft":{}}}', 'null', '1'])(
  'reads nothing unsaved from %j in the storage',
  (kept) => {
    expect(readUnsaved(createUnsavedMemory({ ...nowhere, getItem: () => kept }), 'ada@contoso.com')).toBeNull()
  },
)

it('gives what is unsaved to nobody else', () => {
  const memory = createUnsavedMemory(nowhere)
  const unsaved = { userEmail: 'ada@contoso.com', draft: { fromEmail: 'reports@contoso.com' }, consents: [] }
  memory.hold('settings', unsaved)
  expect(readUnsaved(memory, 'ada@contoso.com')).toEqual(unsaved)
  expect(readUnsaved(memory, 'bob@contoso.com')).toBeNull()
})
