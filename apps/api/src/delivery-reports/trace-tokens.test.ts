import { TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import { expect, it } from 'vitest'
import { createTraceTokens } from './trace-tokens.ts'

it.each([
  ['that names it', [TRACE_PERMISSION], true],
  ['that names others', ['Mail.Send'], false],
  ['that cannot be read', null, false],
])('knows of a token %s whether it has the permission', async (_what, grantedPermissions, expected) => {
  const granted = { accessToken: 'token', expiresAt: new Date('2100-01-01') }
  const tokens = createTraceTokens({
    identity: { applicationToken: async () => ({ outcome: 'granted', tokens: granted, grantedPermissions }) },
    clock: () => new Date('2026-12-01'),
  })
  await tokens.get(new AbortController().signal)

  expect(tokens.hasPermission()).toBe(expected)
})
