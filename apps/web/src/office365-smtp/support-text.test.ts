import { type Check, CheckId } from '@inforiver-mail/contract/setup-check'
import { expect, it } from 'vitest'
import { connectedExample } from '../test-support/examples.ts'
import { supportText } from './support-text.ts'

const CORRELATION_ID = '5f0c1e2d-3b4a-4958-8776-655443322110'
const PRIVATE = [
  'ada@contoso.com',
  'https://mail.contoso.com',
  '10.1.2.3',
  'fe80::1',
  'S3cret Value~8Q',
  '/var/lib/mail',
]

function check(given: Partial<Check> = {}): Check {
  const texts = { title: PRIVATE.join(), detail: PRIVATE.join(), action: PRIVATE.join() }
  return { id: 'app-registration', status: 'failed', code: 'registration-refused', values: {}, ...texts, ...given }
}

function copied(checks: readonly Check[]): string {
  return supportText({
    version: '1.3.0',
    at: new Date('2026-11-27T10:00:00.000Z'),
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    language: 'de',
    settings: connectedExample({
      problem: {
        code: 'reconnect-required',
        title: PRIVATE.join(),
        detail: PRIVATE.join(),
        action: PRIVATE.join(),
        values: { address: PRIVATE.join() },
        since: '2026-11-24T10:00:00.000Z',
        correlationId: CORRELATION_ID,
      },
    }),
    checks,
  })
}

it('gathers versions, checks and correlation ids', () => {
  const values = { kind: 'app-misconfigured', aadsts: 7000222, correlationId: CORRELATION_ID }
  const text = copied([check({ values }), check({ id: 'clock', status: 'ok', code: 'clock-right' })])

  expect(text).toContain('Inforiver Mail 1.3.0\nat: 2026-11-27T10:00:00.000Z\n')
  expect(text).toContain('Firefox/145.0')
  expect(text).toContain(`problem: reconnect-required (correlationId ${CORRELATION_ID})`)
  expect(text).toContain(
    `  failed app-registration: registration-refused (aadsts 7000222, correlationId ${CORRELATION_ID}, kind app-misconfigured)\n  ok clock: clock-right\n`,
  )
})

it('holds no secret and no address, whatever the values of the checks are called', () => {
  const names =
    'address host url person domain folder owner account paths keys faults warnings sentence reason status code kind missing version mode correlationId requestId'.split(
      ' ',
    )
  const everything = CheckId.options.flatMap((id) =>
    PRIVATE.map((text) => check({ id, values: Object.fromEntries(names.map((name) => [name, [text]])) })),
  )
  const text = copied([
    ...everything,
    ...PRIVATE.map((one) => check({ values: Object.fromEntries(names.map((name) => [name, one])) })),
  ])

  for (const one of [...PRIVATE, 'contoso', '@']) expect(text).not.toContain(one)
})
