import { expect, it } from 'vitest'
import { approvalPath } from './permission.ts'

it.each([
  [['Mail.Send', 'User.Read'], '?ownAddress=true'],
  [['Mail.Send', 'Mail.ReadWrite', 'User.Read'], '?ownAddress=true&largeAttachments=true'],
  [['Mail.Send', 'Mail.Send.Shared', 'User.Read'], ''],
  [['Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite', 'User.Read'], '?largeAttachments=true'],
  [['Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite.Shared', 'User.Read'], '?bounces=true'],
])('leads for %j to approving just that', (permissions, query) => {
  expect(approvalPath(permissions)).toBe(`/auth/microsoft/admin-consent${query}`)
})
