import { expect, it } from 'vitest'
import { announcement } from './announcement.ts'

const DEMO = {
  demo: { simulatorPort: 3001 },
  graphAuth: 'delegated',
  office365SmtpEnabled: true,
  publicUrl: 'http://localhost:3000',
  redirectUri: 'http://localhost:3000/auth/microsoft/callback',
  role: 'all',
} as const

it('guides through the demo with the person who can consent', () => {
  expect(announcement(DEMO)).toContain('3. Choose Ada Admin again and accept.')
  expect(announcement(DEMO)).toContain('http://127.0.0.1:3001')
})

it('names the Entra administrator if only one can grant the access', () => {
  const text = announcement({ ...DEMO, graphAuth: 'application' })

  expect(text).toContain('1. Sign in with Microsoft as Ada Admin, and accept.')
  expect(text).toContain('3. Choose Grace Global, who is an Entra administrator, and accept.')
})

it.each([null, { simulatorPort: 3001 }])(
  'says what to set if no mailbox can be connected, without steps that would fail (demo: %j)',
  (demo) => {
    const text = announcement({ ...DEMO, demo, office365SmtpEnabled: false })

    expect(text).toContain('Set SMTP=Office365')
    expect(text).not.toContain('choose Enable')
  },
)

it('prints the redirect URI to register, if there is a registration', () => {
  expect(announcement({ ...DEMO, demo: null })).toContain(DEMO.redirectUri)
  expect(announcement({ ...DEMO, demo: null })).not.toContain('SMTP')
})

it('says what a worker does', () => {
  expect(announcement({ ...DEMO, demo: null, role: 'worker' })).toContain('as a worker')
})
