import { expect, it } from 'vitest'
import { permissionWords } from './permission-words.ts'

it('knows a permission in whatever case Microsoft writes it', () => {
  expect(permissionWords('mail.send')).toBe('Send mail as the person who gives consent.')
})

it('has no words for a permission it never asks for', () => {
  expect(permissionWords('Calendars.Read')).toBeNull()
})
