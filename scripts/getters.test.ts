import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const GETTER = /^\s+get (\w+)\(\)(?:: [^{]+)? \{$/gm

/** Objects of which a process has one, a class, whose objects share its getter, and calls to Entra, which are rare. */
const WITH_GETTERS = [
  'apps/api/src/delivery/choose-route.ts sizes',
  'apps/api/src/delivery/write-outcome.ts isBehind',
  'apps/api/src/memory/byte-budget.ts usedBytes',
  'apps/api/src/vault-keys.ts keys',
  'apps/api/src/vault-keys.ts sealing',
  'packages/m365/src/identity/msal-network.ts answer',
]

// V8 makes a hidden class for each object literal with a getter. It is old from the start, and refers to the closure, so
// all that this reaches is copied and kept until a major collection.
it('gives no getter to an object that is made for each request or message', () => {
  const sources = globSync('{apps/api,packages/*}/src/**/*.ts', { cwd: ROOT, exclude: ['**/generated/**'] })
  const getters = sources
    .filter((path) => !path.endsWith('.test.ts') && !path.includes('/test-support/'))
    .flatMap((path) =>
      [...readFileSync(join(ROOT, path), 'utf8').matchAll(GETTER)].map(([, name]) => `${path} ${name}`),
    )
  expect(getters.toSorted()).toEqual(WITH_GETTERS)
})
