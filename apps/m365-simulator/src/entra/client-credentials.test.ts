import { beforeEach, expect, it } from 'vitest'
import { entraFailure, type Simulated, simulate } from '../test-support/simulated.ts'

let simulated: Simulated
beforeEach(async () => {
  simulated = await simulate()
})

it.each([
  ['no scope', { scope: '' }, 400, 900144],
  ['a named scope', { scope: 'https://graph.microsoft.com/Mail.Send' }, 400, 1002012],
  ['.default of an address that is not Graph’s', { scope: 'https://graph.contoso.com/.default' }, 400, 500011],
  ['.default together with another scope', { scope: 'https://graph.microsoft.com/.default openid' }, 400, 1002012],
  ['a wrong secret', { client_secret: 'wrong' }, 401, 7000215],
  ['a secret and an assertion', { client_assertion: 'x' }, 400, 9002313],
])('with %s is refused', async (_what, change, status, code) => {
  expect(await entraFailure(await simulated.applicationToken(change))).toMatchObject({ status, error_codes: [code] })
})
