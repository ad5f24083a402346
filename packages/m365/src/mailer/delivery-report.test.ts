import { expect, it } from 'vitest'
import { messageIdsIn, readDeliveryReport, REPORT_BYTES, readDeliveryCode } from './delivery-report.ts'

const OURS = '<msg_0123456789abcdef0123456789abcdef@contoso.com>'

/** A report as Exchange Online writes it: text, the part for machines, and the returned mail. */
function report({
  headers = [`In-Reply-To: ${OURS}`, `References: ${OURS}`],
  text = 'Your message could not be delivered.',
  recipients = [],
  returned = [],
}: {
  headers?: readonly string[]
  text?: string
  recipients?: readonly (readonly string[])[]
  returned?: readonly string[]
}): string {
  const status = [['Reporting-MTA: dns;AM0PR01.prod.exchangelabs.com'], ...recipients].map((block) =>
    block.join('\r\n'),
  )
  return [
    'From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.onmicrosoft.com>',
    'To: nobody@fabrikam.com',
    'Subject: Unzustellbar: Q3',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    ...headers,
    '',
    '--b',
    'Content-Type: multipart/alternative; boundary="c"',
    '',
    '--c',
    'Content-Type: text/plain; charset="utf-8"',
    '',
    text,
    '--c',
    'Content-Type: text/html; charset="utf-8"',
    '',
    '<p>Your message <b>could not</b> be delivered.</p>',
    '--c--',
    ...(recipients.length === 0 ? [] : ['--b', 'Content-Type: message/delivery-status', '', status.join('\r\n\r\n')]),
    ...(returned.length === 0 ? [] : ['--b', ...returned]),
    '--b--',
    '',
  ].join('\r\n')
}

const RETURNED = [
  'Content-Type: message/rfc822',
  '',
  `Message-ID: ${OURS}`,
  'Subject: Q3',
  'Content-Type: multipart/mixed; boundary="d"',
  '',
  '--d',
  'Content-Type: message/delivery-status',
  '',
  'Final-Recipient: rfc822;forged@fabrikam.com',
  'Action: failed',
  '',
  '--d--',
]

const FAILED = (address: string, status: string, said: string) => [
  `Final-Recipient: rfc822;${address}`,
  'Action: failed',
  `Status: ${status}`,
  `Diagnostic-Code: smtp;${said}`,
  'X-Display-Name: somebody',
]

it('reads each recipient with its code and what the server said, folded lines included', async () => {
  const nobody = FAILED(
    'Nobody@fabrikam.com',
    '5.1.10',
    '550 5.1.10 RESOLVER.ADR.RecipientNotFound;\r\n Recipient not\tfound',
  )
  const alias = [
    'Original-Recipient: rfc822;info@b.example',
    ...FAILED('<box@b.example>', '5.0.350', '550 5.0.350 no -> 550 5.2.2 full'),
  ]
  const delayed = ['Final-Recipient: rfc822;late@b.example', 'Action: delayed', 'Status: 4.4.7']
  const expected = {
    originals: [OURS],
    recipients: [
      {
        addresses: ['nobody@fabrikam.com'],
        action: 'failed',
        code: '5.1.10',
        detail: '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found',
      },
      {
        addresses: ['box@b.example', 'info@b.example'],
        action: 'failed',
        code: '5.2.2',
        detail: '550 5.0.350 no -> 550 5.2.2 full',
      },
      { addresses: ['late@b.example'], action: 'delayed', code: '4.4.7', detail: null },
    ],
    unaddressed: null,
  }
  expect(await readDeliveryReport(report({ recipients: [nobody, alias, delayed], returned: RETURNED }))).toEqual(
    expected,
  )
})

it('reads a recipient with comments after the values, and one outside ASCII', async () => {
  const commented = [
    'Final-Recipient: rfc822;max@b.example (Max)',
    'Action: failed (no such mailbox)',
    'Status: 5.1.1 (x)',
  ]
  const escaped = ['Final-Recipient: utf-8;m\\x{FC}ller@b.example', 'Action: failed', 'Status: 5.1.1']
  expect((await readDeliveryReport(report({ recipients: [commented, escaped] })))?.recipients).toMatchObject([
    { addresses: ['max@b.example'], action: 'failed', code: '5.1.1' },
    { addresses: ['müller@b.example'], action: 'failed', code: '5.1.1' },
  ])
})

const named = (field: string) => [`Final-Recipient: ${field}`]

it.each([
  [['Final-Recipient : rfc822 ; max@b.example '], { addresses: ['max@b.example'], action: 'other' }],
  [['Final-Recipient:max@b.example', 'Action: failed '], { addresses: ['max@b.example'], action: 'failed' }],
  [['!Final-Recipient: rfc822;max@b.example'], undefined],
  [['Status: 5.1.1'], undefined],
  [named('rfc822;(x)max@b.example'), { addresses: ['(x)max@b.example'] }],
  [named('rfc822;max@b.example(Max) '), { addresses: ['max@b.example'] }],
  [named('<max@b.example>x'), undefined],
  [named('x<max@b.example>'), undefined],
  [named('rfc822;a max@b.example'), undefined],
  [named('rfc822;max@b.example eva'), undefined],
  [named('rfc822;somebody'), undefined],
  [named(`rfc822;${'a'.repeat(310)}@b.example`), { addresses: [`${'a'.repeat(310)}@b.example`] }],
  [named(`rfc822;${'a'.repeat(311)}@b.example`), undefined],
  [named('utf-8;\\x{1F600}\\x{10FFFF}\\x{110000}@b.example'), { addresses: ['😀\u{10FFFF}\\x{110000}@b.example'] }],
  [[...named('a@b.example'), 'Diagnostic-Code: see x; y'], { code: null, detail: 'see x; y' }],
  [[...named('a@b.example'), 'Diagnostic-Code: x-unix ; full '], { detail: 'full' }],
])('reads %j', async (fields, recipient) => {
  const read = await readDeliveryReport(report({ text: '550 5.1.1 unknown', recipients: [fields] }))
  expect(read?.recipients).toMatchObject(recipient ? [recipient] : [])
  expect(read?.unaddressed, 'the part for machines tells all').toBeNull()
})

it('reads a report with other line ends and blank lines of spaces alike', async () => {
  const recipients = [
    FAILED('a@b.example', '5.1.1', '550 5.1.1\r\n  \tno\r\n one'),
    FAILED('b@b.example', '5.2.2', 'full'),
  ]
  const whole = report({ recipients, headers: [], returned: RETURNED })
  const read = await readDeliveryReport(whole)
  expect(read).toMatchObject({ originals: [OURS], recipients: [{ detail: '550 5.1.1 no one' }, { detail: 'full' }] })
  expect(await readDeliveryReport(whole.replaceAll('\r\n', '\n'))).toEqual(read)
  expect(await readDeliveryReport(whole.replaceAll('\r\n\r\nFinal', '\r\n \t\r\nFinal'))).toEqual(read)
})

it('reads 500 recipients and 50 Message-IDs at most, of 998 characters each', async () => {
  const many = Array.from({ length: 501 }, (_, number) => `${number}@b.example`)
  const recipients = many.map((address) => FAILED(address, '5.1.1', 'unknown'))
  expect((await readDeliveryReport(report({ recipients })))?.recipients).toHaveLength(500)
  const headers = [`X-Failed-Recipients: ${many.join(', ')}`]
  expect((await readDeliveryReport(report({ headers })))?.recipients).toHaveLength(500)
  const ids = Array.from({ length: 40 }, (_, number) => `<${number}@b.example>`)
  const references = [
    `In-Reply-To: <a@b.example>${ids.join(' ')}`,
    `References: ${ids.join(' ')} <b@b.example> ${many.map((id) => `<${id}x>`).join(' ')}`,
  ]
  expect((await readDeliveryReport(report({ headers: references })))?.originals).toHaveLength(50)
  expect(messageIdsIn(ids.join('') + ids.join(''))).toHaveLength(50)
  expect(messageIdsIn(`<${'a'.repeat(996)}> <${'a'.repeat(997)}> <b@b.example`)).toEqual([`<${'a'.repeat(996)}>`])
})

it.each([
  ['message/global', [OURS]],
  ['message/rfc822x', []],
  ['x-text/rfc822-headers', []],
])('takes %s for a returned mail: %j', async (type, originals) => {
  const returned = [`Content-Type: ${type}`, 'Content-Disposition: attachment', '', `Message-ID: ${OURS}`, '', '']
  expect((await readDeliveryReport(report({ headers: [], returned })))?.originals).toEqual(originals)
})

it.each([
  ['In-Reply-To and References', {}],
  ['the returned mail', { headers: [], returned: RETURNED }],
  [
    'the returned header',
    { headers: [], returned: ['Content-Type: text/rfc822-headers', '', `Message-Id: ${OURS}`, 'Subject: Q3'] },
  ],
])('finds the mail that it is about by %s', async (_where, changes) => {
  const recipients = [FAILED('max@b.example', '5.1.1', '550 5.1.1 unknown')]
  expect((await readDeliveryReport(report({ recipients, ...changes })))?.originals).toEqual([OURS])
})

it('takes nothing for a recipient that the returned mail itself contains', async () => {
  const read = await readDeliveryReport(report({ returned: RETURNED }))
  expect(read).toMatchObject({ recipients: [], unaddressed: null })
})

it('reads a report without a part for machines by its text, and one of Google by its header', async () => {
  const text = 'Delivery failed.\r\nThe server said: 550 5.4.1 Recipient address rejected\r\n'
  const failure = { code: '5.4.1', detail: 'The server said: 550 5.4.1 Recipient address rejected' }
  expect(await readDeliveryReport(report({ text }))).toMatchObject({ recipients: [], unaddressed: failure })
  const headers = [`References: ${OURS}`, 'X-Failed-Recipients: max@b.example, <eva@b.example>']
  const google = await readDeliveryReport(report({ text, headers }))
  expect(google?.unaddressed).toBeNull()
  expect(google?.recipients).toEqual([
    { addresses: ['max@b.example'], action: 'failed', ...failure },
    { addresses: ['eva@b.example'], action: 'failed', ...failure },
  ])
})

it('sees no failure in an absence note', async () => {
  const note = `From: postmaster@b.example\r\nIn-Reply-To: ${OURS}\r\nSubject: Re: Q3\r\n\r\nI am away until May 5.`
  expect(await readDeliveryReport(note)).toEqual({ originals: [OURS], recipients: [], unaddressed: null })
})

it('shows text only, of 500 characters at most, and reads no more than its share of a large report', async () => {
  const said = `550 5.7.1 <script>alert(1)</script>\u202E${'x'.repeat(2_000)}`
  const large = report({
    recipients: [FAILED('max@b.example', '5.7.1', said)],
    returned: ['Content-Type: message/rfc822', '', `Message-ID: ${OURS}`, '', 'y'.repeat(2 * REPORT_BYTES)],
  })
  const late = report({ text: 'y'.repeat(REPORT_BYTES), recipients: [FAILED('max@b.example', '5.7.1', said)] })
  expect((await readDeliveryReport(late))?.recipients).toEqual([])
  const [recipient] = (await readDeliveryReport(large))?.recipients ?? []
  expect(recipient?.detail?.length).toBeLessThanOrEqual(500)
  expect(recipient?.detail).not.toContain('\u202E')
  const style = '<style>\r\n.x { content: "550 5.7.1" }</style>'
  const html = `Content-Type: text/html\r\n\r\n${style}<p class="5.4.4">550 5.1.1 <b>unknown</b></p>`
  expect((await readDeliveryReport(html))?.unaddressed).toEqual({ code: '5.1.1', detail: '550 5.1.1' })
})

it('gives up on a mail that is nested without end', async () => {
  const nested = Array.from(
    { length: 300 },
    (_, depth) => `Content-Type: multipart/mixed; boundary="${depth}"\r\n\r\n--${depth}\r\n`,
  )
  expect(await readDeliveryReport(nested.join(''))).toBeNull()
})

it.each([
  ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found', '5.1.10', '5.1.10'],
  ['550 5.0.350 Remote server returned an error -> 550 5.1.1 unknown (see 5.7.1)', '5.0.350', '5.1.1'],
  ['550 5.7.350 Remote server returned message detected as spam -> 554 blocked', '5.7.350', '5.7.350'],
  ['550 5.0.350 said 552-5.2.2 The mailbox is over quota', '5.0.350', '5.2.2'],
  ['smtp; 550 no such user here', '5.0.0', '5.0.0'],
  ['[{LED=550 5.7.233 limit};{FQDN=a.b};{IP=5.1.10.3};{LRT=11/20}]', null, '5.7.233'],
  ['250 2.1.5 RESOLVER.GRP.Expanded', null, null],
  ['delivered by 15.20.5.1 from 5.1.10.3', null, null],
])('reads the code of "%s"', (text, status, code) => {
  expect(readDeliveryCode(text, status)).toBe(code)
})
