import { describe, expect, it } from 'vitest'
import { grantedPermissions, missingPermissions } from './permissions.ts'

const REQUESTED = ['Mail.Send', 'User.Read', 'offline_access', 'openid', 'profile']

describe('grantedPermissions', () => {
  it.each([
    ['short names', 'Mail.Send User.Read'],
    ['qualified names', 'https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read'],
    ['names of another cloud', 'https://graph.microsoft.us/Mail.Send https://graph.microsoft.us/User.Read'],
    ['names below Graph’s application id', '00000003-0000-0000-c000-000000000000/Mail.Send User.Read'],
    ['percent-encoded names', 'https%3A%2F%2Fgraph.microsoft.com%2FMail.Send User.Read'],
    ['names in capitals', 'MAIL.SEND USER.READ'],
    ['names in small letters', 'mail.send user.read'],
    ['OpenID Connect scopes among them', 'Mail.Send User.Read profile openid email'],
    ['repeated names and spaces', ' Mail.Send  mail.send User.Read '],
  ])('reads %s', (_wording, scope) => {
    expect(grantedPermissions(scope, REQUESTED)).toEqual(['Mail.Send', 'User.Read'])
  })

  it.each([undefined, '', ' '])('takes an answer without scopes (%j) as a grant of what was asked for', (scope) => {
    expect(grantedPermissions(scope, REQUESTED)).toEqual(['Mail.Send', 'User.Read'])
  })

  it('lists what was granted beyond the request', () => {
    expect(grantedPermissions('Mail.Send Calendars.Read', REQUESTED)).toEqual(['Mail.Send', 'Calendars.Read'])
  })

  it('keeps a name that is not valid percent-encoding', () => {
    expect(grantedPermissions('Mail.Send %E0%A4%A', REQUESTED)).toEqual(['Mail.Send', '%E0%A4%A'])
  })
})

describe('missingPermissions', () => {
  it('names what was asked for but not granted', () => {
    expect(missingPermissions(['Mail.Send', 'Mail.ReadWrite', 'openid'], ['mail.send'])).toEqual(['Mail.ReadWrite'])
  })
})
