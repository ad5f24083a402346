import { expect, it } from 'vitest'
import { readScopes } from './scopes.ts'

const read = (text: string) => readScopes(text, 'http://127.0.0.1:4000')

it.each([
  ['short', 'Mail.Send User.Read'],
  ['fully qualified', 'https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read'],
  ['in other cases', 'MAIL.SEND user.read'],
  ['below the simulator’s own origin', 'http://127.0.0.1:4000/Mail.Send User.Read'],
])('reads scopes that are %s', (_how, text) => {
  expect(read(text)).toMatchObject({ kind: 'scopes', scopes: ['Mail.Send', 'User.Read'] })
})

it('takes .default for everything that is registered', () => {
  expect(read('https://graph.microsoft.com/.default offline_access')).toMatchObject({
    kind: 'scopes',
    isDefault: true,
    scopes: ['offline_access', 'User.Read', 'Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite'],
  })
})

it('refuses .default beside a named scope', () => {
  expect(read('.default Mail.Send')).toEqual({ kind: 'default-mixed' })
})

it('refuses a scope Graph does not have', () => {
  expect(read('Mail.Sned')).toEqual({ kind: 'unknown-scope', scope: 'Mail.Sned' })
})

it('refuses a resource other than Graph', () => {
  expect(read('https://outlook.office.com/SMTP.Send offline_access')).toEqual({
    kind: 'unknown-resource',
    resource: 'https://outlook.office.com',
    isMixed: false,
  })
})
