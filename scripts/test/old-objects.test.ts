import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const ASSIGNED = /^\s+[\w.]+\.\w+ (?:\?\?)?= (?:async )?(?:function\b|(?:\([^)]*\)|\w+)(?:: [^=]+)? =>)/gm
const GETTER = /^\s+get (\w+)\(\)(?:: [^{]+)? \{$/gm

/** Objects of which a process has one, a class, whose objects share its getter, and calls to Entra, which are rare. */
const WITH_GETTERS = [
  'apps/api/src/delivery/choose-route.ts sizes',
  'apps/api/src/memory/body-budget.ts usedBytes',
  'apps/api/src/memory/byte-budget.ts usedBytes',
  'apps/api/src/vault/vault-keys.ts keys',
  'apps/api/src/vault/vault-keys.ts sealing',
  'packages/m365/src/identity/msal-network.ts answer',
]
/** A connection by SMTP has one parser, for all of its mails. */
const WITH_ASSIGNMENTS = ['apps/api/src/smtp/smtp-listener.ts parser.oncommand = (command, callback) =>']

// V8 makes a hidden class for each object literal with a getter. It is old from the start, and refers to the closure, so
// all that this reaches is copied and kept until a major collection.
it('gives no getter to an object that is made for each request or message', () => {
  const getters = sources().flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(GETTER)].map(([, name]) => `${path} ${name}`),
  )
  expect(getters.toSorted()).toEqual(WITH_GETTERS)
})

// A function that is assigned to a property is made among V8's old objects too, as a method would be.
it('assigns no function to a property of what is made for each request or message', () => {
  const assignments = sources().flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(ASSIGNED)].map(([found]) => `${path} ${found.trim()}`),
  )
  expect(assignments).toEqual(WITH_ASSIGNMENTS)
})

function sources(): string[] {
  return globSync('{apps/api,packages/*}/src/**/*.ts', { cwd: ROOT, exclude: ['**/generated/**'] }).filter(
    (path) => !path.endsWith('.test.ts') && !path.includes('/test-support/'),
  )
}
