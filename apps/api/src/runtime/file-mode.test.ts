import { expect, it } from 'vitest'
import { isReadableByOthers } from './file-mode.ts'

const SERVICE = 10_001

it.skipIf(process.platform === 'win32').each([
  ['a file of the service, for it alone', { mode: 0o100_600, uid: SERVICE }, SERVICE, false],
  ['a file of the service, for its group too', { mode: 0o100_640, uid: SERVICE }, SERVICE, true],
  ["root's file, handed to the service through its group", { mode: 0o100_440, uid: 0 }, SERVICE, false],
  ["root's file, for everybody", { mode: 0o100_444, uid: 0 }, SERVICE, true],
  ["root's file, for a group, when root itself is the service", { mode: 0o100_640, uid: 0 }, 0, true],
])('judges who may read %s', (_, file, reader, expected) => {
  expect(isReadableByOthers(file, reader)).toBe(expected)
})
