import { expect, it } from 'vitest'
import { readScopes } from './client.ts'
import { REGISTRATION } from '../test-support/simulated.ts'

it.each([
  ['short', 'Mail.Send User.Read'],
  ['fully qualified', 'https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read'],
  ['in other cases', 'MAIL.SEND user.read'],
])('reads scopes that are %s', (_how, text) => {
  expect(readScopes(text, REGISTRATION)).toMatchObject({ scopes: ['Mail.Send', 'User.Read'] })
})

it('expands .default to the registered permissions', () => {
  expect(readScopes('https://graph.microsoft.com/.default offline_access', REGISTRATION)).toMatchObject({
    isDefault: true,
    scopes: ['offline_access', 'User.Read', 'Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite'],
  })
})
