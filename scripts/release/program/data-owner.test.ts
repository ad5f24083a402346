import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { refuseDataOfAnotherAccount } from './data-owner.ts'

const { uid, username } = userInfo()
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inforiver-mail-owner-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('lets the account go on that has made the data', () => {
  writeFileSync(join(folder, 'lock'), '')
  expect(() => refuseDataOfAnotherAccount(folder, uid)).not.toThrow()
})

it('lets any account begin where there are no data yet', () => {
  expect(() => refuseDataOfAnotherAccount(folder, uid + 1)).not.toThrow()
  expect(() => refuseDataOfAnotherAccount(join(folder, 'missing'), uid + 1)).not.toThrow()
})

it('refuses another account, and names the one that has made the data', () => {
  writeFileSync(join(folder, 'lock'), '')
  expect(() => refuseDataOfAnotherAccount(folder, 4_000_000)).toThrow(
    `The data in ${folder} belong to the account ${username}, and this is 4000000. Start as ${username},`,
  )
})
