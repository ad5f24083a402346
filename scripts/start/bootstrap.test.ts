import { expect, it, onTestFinished, vi } from 'vitest'
import { SECRETS, WITHHELD } from '../../apps/api/src/configuration/environment.ts'

it('keeps every secret of the product from the tools, but for the proxy that they may need for downloads', async () => {
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const name of SECRETS) vi.stubEnv(name, 'given')

  const { toolEnvironment } = await import('./bootstrap.mjs')

  expect(SECRETS.filter((name) => !(name in toolEnvironment))).toEqual(WITHHELD)
})
