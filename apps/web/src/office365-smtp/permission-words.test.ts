import { expect, it } from 'vitest'
import { permissionWords } from './permission-words.ts'

it('knows a permission in whatever case Microsoft writes it', () => {
  expect(permissionWords('mail.send', 'delegated', null)).toBe('Send mail as the person who gives consent.')
})

it('names the person whose access it is, once somebody has given it', () => {
  expect(permissionWords('Mail.Send', 'delegated', 'Ada Admin')).toBe('Send mail as Ada Admin.')
  expect(permissionWords('User.Read', 'delegated', 'Ada Admin')).toBe("Read Ada Admin's name and address.")
})

it('has no words for a permission it never asks for', () => {
  expect(permissionWords('Calendars.Read', 'delegated', null)).toBeNull()
})

it('speaks of no person when the application has the access itself', () => {
  expect(permissionWords('Mail.Send', 'application', null)).toBe(
    'Send mail from every mailbox the application may use.',
  )
  expect(permissionWords('Mail.ReadWrite', 'application', null)).not.toContain('person')
})
