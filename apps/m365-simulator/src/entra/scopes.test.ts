import { expect, it } from 'vitest'
import { readScopes } from './scopes.ts'

it.each([
  ['short', 'Mail.Send User.Read'],
  ['fully qualified', 'https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read'],
  ['in other cases', 'MAIL.SEND user.read'],
])('reads scopes that are %s', (_how, text) => {
  expect(readScopes(text)).toMatchObject({ scopes: ['Mail.Send', 'User.Read'] })
})

it('expands .default to the registered permissions', () => {
  expect(readScopes('https://graph.microsoft.com/.default offline_access')).toMatchObject({
    isDefault: true,
    scopes: ['offline_access', 'User.Read', 'Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite'],
  })
})

it('refuses .default together with a named scope', () => {
  expect(readScopes('.default Mail.Send')).toEqual({ kind: 'default-mixed' })
})

it('refuses a scope Graph does not have', () => {
  expect(readScopes('Mail.Sned')).toEqual({ kind: 'unknown-scope', scope: 'Mail.Sned' })
})

it('refuses a resource other than Graph', () => {
  expect(readScopes('https://outlook.office.com/SMTP.Send offline_access')).toEqual({
    kind: 'unknown-resource',
    resource: 'https://outlook.office.com',
    isMixed: false,
  })
})
