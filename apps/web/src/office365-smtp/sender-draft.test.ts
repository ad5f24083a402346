import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/examples.ts'
import { permissionsAsked, planSender, planText, senderValues, withEntry, withoutSettled } from './sender-draft.ts'

const largeGranted = { largeAttachments: { enabled: true, locked: true } }

describe('planSender while nothing is configured', () => {
  it('asks for an address before anything else', () => {
    expect(planSender(exampleSettings(), {})).toEqual({
      kind: 'blocked',
      because: 'To enable, enter the From Email Address first.',
    })
  })

  it('says what is wrong with an address that is not valid', () => {
    expect(planSender(exampleSettings(), { fromEmail: 'reports@contoso' })).toEqual({
      kind: 'blocked',
      because: 'To enable, correct the From Email Address. The part after the @ needs a dot, as in contoso.com.',
    })
  })

  it('configures the valid address with the toggle as it is set', () => {
    expect(planSender(exampleSettings(), { fromEmail: 'reports@contoso.com', largeAttachments: true })).toEqual({
      kind: 'start',
      start: { purpose: 'configure', sender: { fromEmail: 'reports@contoso.com', largeAttachments: true } },
    })
  })
})

describe('planSender while a mailbox is configured', () => {
  it('does nothing when nothing has changed', () => {
    expect(planSender(connectedExample(), {})).toMatchObject({ kind: 'blocked' })
  })

  it('takes another spelling of the same address for no change', () => {
    expect(planSender(connectedExample(), { fromEmail: 'Reports@Contoso.com' })).toMatchObject({ kind: 'blocked' })
  })

  it('points to Reset when the address is emptied', () => {
    const plan = planSender(connectedExample(), { fromEmail: '' })
    expect(plan).toMatchObject({ kind: 'blocked', because: expect.stringContaining('use Reset') })
  })

  it('updates the sender alone when only the address has changed', () => {
    expect(planSender(connectedExample(), { fromEmail: 'alerts@contoso.com' })).toEqual({
      kind: 'start',
      start: { purpose: 'update-sender', sender: { fromEmail: 'alerts@contoso.com' } },
    })
  })

  it('does not ask again for large attachments that are granted when the address changes', () => {
    expect(planSender(connectedExample(largeGranted), { fromEmail: 'alerts@contoso.com' })).toEqual({
      kind: 'start',
      start: { purpose: 'update-sender', sender: { fromEmail: 'alerts@contoso.com' } },
    })
  })

  it('enables large attachments alone when only the toggle has changed', () => {
    expect(planSender(connectedExample(), { largeAttachments: true })).toEqual({
      kind: 'start',
      start: { purpose: 'large-attachments' },
    })
  })

  it('asks once for both when address and toggle have changed', () => {
    expect(planSender(connectedExample(), { fromEmail: 'alerts@contoso.com', largeAttachments: true })).toEqual({
      kind: 'start',
      start: { purpose: 'update-sender', sender: { fromEmail: 'alerts@contoso.com', largeAttachments: true } },
    })
  })

  it('can save another address while a reconnect is required', () => {
    const settings = connectedExample({ status: 'reconnect-required' })
    expect(planSender(settings, { fromEmail: 'alerts@contoso.com' })).toMatchObject({ kind: 'start' })
  })
})

describe('planText', () => {
  it('names both changes when both are saved', () => {
    const settings = connectedExample()
    const plan = planSender(settings, { fromEmail: 'alerts@contoso.com', largeAttachments: true })
    expect(planText(plan, settings)).toBe(
      "Changes the sender to alerts@contoso.com and enables large file attachments once Microsoft's consent completes.",
    )
  })
})

describe('senderValues', () => {
  it('shows the server where nothing has been entered', () => {
    expect(senderValues(connectedExample(largeGranted), {})).toEqual({
      fromEmail: 'reports@contoso.com',
      largeAttachments: true,
    })
  })

  it('shows a granted toggle as granted, whatever was entered before', () => {
    expect(senderValues(connectedExample(largeGranted), { largeAttachments: false }).largeAttachments).toBe(true)
  })
})

describe('the draft', () => {
  it('forgets an entry that is put back to what the server says', () => {
    expect(withEntry(connectedExample(), { fromEmail: 'x@contoso.com' }, { fromEmail: 'reports@contoso.com' })).toEqual(
      {},
    )
  })

  it('keeps an entry that differs in spelling only, as it was typed', () => {
    expect(withEntry(connectedExample(), {}, { fromEmail: 'Reports@contoso.com' })).toEqual({
      fromEmail: 'Reports@contoso.com',
    })
  })

  it('keeps an emptied address as an entry', () => {
    expect(withEntry(connectedExample(), {}, { fromEmail: '' })).toEqual({ fromEmail: '' })
  })

  it('loses what the changed settings now say, and keeps the rest', () => {
    const draft = { fromEmail: 'Reports@contoso.com', largeAttachments: true }
    expect(withoutSettled(connectedExample(), draft)).toEqual({ largeAttachments: true })
  })

  it('loses a toggle that the server has locked', () => {
    expect(withoutSettled(connectedExample(largeGranted), { largeAttachments: false })).toEqual({})
  })
})

describe('permissionsAsked', () => {
  const own = { fromEmail: 'Ada@contoso.com', largeAttachments: false }

  it("asks for sending and the profile alone for the admin's own address", () => {
    expect(permissionsAsked(own, 'ada@contoso.com', 'delegated')).toEqual(['Mail.Send', 'User.Read'])
  })

  it("asks for sending from shared mailboxes when the address is not the admin's own", () => {
    expect(permissionsAsked({ ...own, fromEmail: 'reports@contoso.com' }, 'ada@contoso.com', 'delegated')).toContain(
      'Mail.Send.Shared',
    )
  })

  it('asks for the mailbox when large attachments are switched on', () => {
    expect(permissionsAsked({ ...own, largeAttachments: true }, 'ada@contoso.com', 'delegated')).toContain(
      'Mail.ReadWrite',
    )
  })

  it('asks for the application’s own permissions where it is to use no person’s access', () => {
    const shared = { fromEmail: 'reports@contoso.com', largeAttachments: false }
    expect(permissionsAsked(shared, 'ada@contoso.com', 'application')).toEqual(['Mail.Send'])
    expect(permissionsAsked({ ...shared, largeAttachments: true }, 'ada@contoso.com', 'application')).toEqual([
      'Mail.Send',
      'Mail.ReadWrite',
    ])
  })

  it('claims nothing about shared mailboxes while the address is not valid', () => {
    expect(permissionsAsked({ ...own, fromEmail: 'reports@' }, 'ada@contoso.com', 'delegated')).not.toContain(
      'Mail.Send.Shared',
    )
  })
})
