import { expect, it } from 'vitest'
import { EmailAddress } from './email-address.ts'
import { fault, type FaultCode, readFault } from './fault-text.ts'
import { faults } from './language/en/faults.ts'

const VALUES = {
  min: 3,
  max: 500,
  count: 501,
  part: 7,
  what: 'a message',
  address: 'cfo@contoso.com',
  name: 'Clara Fuchs',
  sender: 'reports@contoso.com',
  encoding: 'base64',
  expected: 'string',
  received: 'number',
  options: '"low"|"high"',
}

it.each(Object.keys(faults) as FaultCode[])('reads the code and the values of %s back from its English', (code) => {
  const names = [...faults[code].matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name as keyof typeof VALUES)
  const values = Object.fromEntries(names.map((name) => [name, VALUES[name]]))
  expect(readFault(fault(code, values))).toEqual({ code, values })
})

it('reads what a schema says', () => {
  const [issue] = EmailAddress.safeParse('two@at@contoso.com').error?.issues ?? []
  expect(readFault(issue?.message ?? '')).toEqual({ code: 'address-with-two-ats', values: {} })
})

it('calls what it does not know invalid', () => {
  expect(readFault('Nobody knows this.')).toEqual({ code: 'invalid', values: {} })
})
