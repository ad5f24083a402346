import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/**
 * Registers the hooks of the file, or of the `describe` it is called in. What it returns is filled in before the first test
 * with what `create` made, and closed after the last.
 */
export function useCreated<Created extends object>(
  create: () => Promise<Created>,
  close: (created: Created) => Promise<void>,
): Created {
  const created = {} as Created
  beforeAll(async () => void Object.assign(created, await create()))
  afterAll(async () => {
    await close(created)
    forget(created)
  })
  return created
}

/** A folder for the tests of a file, which is removed after all that later hooks have to do. */
export function useFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/**
 * Empties objects that are of no use any more. A worker keeps the files that it has run, so that their variables would
 * keep all that these objects refer to: whole mailboxes, nearly a gigabyte, which each collection of garbage goes over.
 */
export function forget(...objects: object[]): void {
  for (const object of objects) for (const key of Object.keys(object)) Reflect.deleteProperty(object, key)
}
