import { expect, it } from 'vitest'
import { isDraftFor, redirectMessage } from './redirected-message.ts'

const MESSAGE = { to: [{ address: 'a@b.example', name: 'A' }], cc: [], bcc: [], subject: 'Q3', html: '<p>' }

it('sends a message to one address alone, and says in the subject whom it was for', () => {
  const redirected = redirectMessage(MESSAGE, 'staging@contoso.com')

  expect(redirected).toEqual({
    to: [{ address: 'staging@contoso.com' }],
    cc: [],
    bcc: [],
    subject: '[for a@b.example] Q3',
    html: '<p>',
  })
})

it('counts the other recipients, whatever field they are in', () => {
  const others = { cc: [{ address: 'c@d.example' }], bcc: [{ address: 'e@f.example' }] }

  expect(redirectMessage({ ...MESSAGE, ...others }, 's@t.example').subject).toBe('[for a@b.example +2] Q3')
  expect(redirectMessage({ ...MESSAGE, ...others, to: [] }, 's@t.example').subject).toBe('[for c@d.example +1] Q3')
})

it('cuts the subject to 255 characters, and no character in two', () => {
  const { subject } = redirectMessage({ ...MESSAGE, subject: '😀'.repeat(127) }, 's@t.example')

  expect(subject.length).toBeLessThanOrEqual(255)
  expect(subject).toMatch(/^\[for a@b\.example\] 😀+…$/u)
  const longest = { ...MESSAGE, to: [{ address: `${'a'.repeat(64)}@${'b'.repeat(186)}.de` }] }
  expect(redirectMessage(longest, 's@t.example').subject).toHaveLength(255)
})

it.each(['Disposition-Notification-To', 'Return-Receipt-To', 'X-Confirm-Reading-To', 'Errors-To'])(
  'has nobody told by %s of MIME that it was received or read',
  (name) => {
    const source = Buffer.from(
      `Reply-To: d@b.example\r\n${name}:\r\n a@b.example\r\nX-Report: 42\r\n\r\n${name}: body\r\n`,
    )

    const { mime } = redirectMessage({ ...MESSAGE, mime: { source } }, 'staging@contoso.com')

    expect(mime.source.toString()).toBe(`Reply-To: d@b.example\r\nX-Report: 42\r\n\r\n${name}: body\r\n`)
  },
)

it('knows a draft by whom it goes to', () => {
  const [bob, ada] = ['bob@contoso.com', 'ada@contoso.com']
  const plain = { subject: 'Q3', to: ['a@b.example'] }
  const toBob = { subject: '[for a@b.example] Q3', to: ['Bob@contoso.com'] }
  const redirected = redirectMessage(MESSAGE, bob)

  expect([isDraftFor(plain, MESSAGE, null), isDraftFor(toBob, MESSAGE, null)]).toEqual([true, false])
  expect([isDraftFor(plain, redirected, bob), isDraftFor(toBob, redirected, bob)]).toEqual([false, true])
  expect(isDraftFor(toBob, redirectMessage(MESSAGE, ada), ada)).toBe(false)
  expect(isDraftFor({ ...toBob, to: [bob, 'a@b.example'] }, redirected, bob)).toBe(false)
  expect(isDraftFor({ subject: null, to: [] }, redirected, bob)).toBe(false)
})
