import { userInfo } from 'node:os'
import { expect, it } from 'vitest'
import { findForeignOwner } from './data-owner.ts'

const { uid, username } = userInfo()

it('names the owner of a folder that is closed to the account', () => {
  const closed = (path: string) => {
    if (path === '/var/lib/inforiver-mail') return { uid }
    throw Object.assign(new Error('permission denied'), { code: 'EACCES' })
  }
  expect(findForeignOwner('/var/lib/inforiver-mail/data', 4_000_000, closed)).toEqual({
    owner: username,
    account: '4000000',
  })
})
