import { expect, it } from 'vitest'
import { english } from '../test-support/languages.ts'
import { permissionText } from './permission-text.ts'

it('recognises a permission whatever case Microsoft writes it in', () => {
  expect(permissionText('mail.send', 'delegated', null, english)).toBe('Send mail as the person who gives consent.')
})

it('names the person once somebody has given access', () => {
  expect(permissionText('Mail.Send', 'delegated', 'Ada Admin', english)).toBe('Send mail as Ada Admin.')
  expect(permissionText('User.Read', 'delegated', 'Ada Admin', english)).toBe("Read Ada Admin's name and address.")
})

it('has no text for a permission that the product never asks for', () => {
  expect(permissionText('Calendars.Read', 'delegated', null, english)).toBeNull()
})

it('mentions no person when the application itself has access', () => {
  expect(permissionText('Mail.Send', 'application', null, english)).toBe(
    'Send mail from every mailbox the application may use.',
  )
  expect(permissionText('Mail.ReadWrite', 'application', null, english)).not.toContain('person')
})
