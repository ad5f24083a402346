import { expect, it } from 'vitest'
import { permissionText } from './permission-text.ts'

it('knows a permission in whatever case Microsoft writes it', () => {
  expect(permissionText('mail.send', 'delegated', null)).toBe('Send mail as the person who gives consent.')
})

it('names the person whose access it is, once somebody has given it', () => {
  expect(permissionText('Mail.Send', 'delegated', 'Ada Admin')).toBe('Send mail as Ada Admin.')
  expect(permissionText('User.Read', 'delegated', 'Ada Admin')).toBe("Read Ada Admin's name and address.")
})

it('has no words for a permission it never asks for', () => {
  expect(permissionText('Calendars.Read', 'delegated', null)).toBeNull()
})

it('speaks of no person when the application has the access itself', () => {
  expect(permissionText('Mail.Send', 'application', null)).toBe('Send mail from every mailbox the application may use.')
  expect(permissionText('Mail.ReadWrite', 'application', null)).not.toContain('person')
})
