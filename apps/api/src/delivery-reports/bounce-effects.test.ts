import type { DeliveryReport, ReportedRecipient } from '@inforiver-mail/m365/delivery-report'
import type { ReportFacts } from '@inforiver-mail/m365/inbox-calls'
import { expect, it } from 'vitest'
import type { ReportableMessage } from '../queue/reports/sent-messages.ts'
import { bounceEffects, mayBeReport } from './bounce-effects.ts'

const EXCHANGE = 'MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.onmicrosoft.com'
const AT = new Date('2026-11-24T10:00:00.000Z')

const FACTS: ReportFacts = {
  outcome: 'read',
  messageClass: 'REPORT.IPM.Note.NDR',
  from: EXCHANGE,
  sender: EXCHANGE,
  receivedAt: AT,
  to: ['max@b.example'],
  originals: [],
}
const MAX: ReportedRecipient = { addresses: ['max@b.example'], action: 'failed', code: '5.1.1', detail: 'no' }
const STRANGER: ReportedRecipient = { ...MAX, addresses: ['member@b.example'] }
const report = (...recipients: ReportedRecipient[]): DeliveryReport => ({
  originals: [],
  recipients,
  unaddressed: null,
})
const TEXT_ONLY: DeliveryReport = { originals: [], recipients: [], unaddressed: { code: '5.4.1', detail: 'denied' } }

function message(...recipients: readonly (readonly [string, 'expanded' | null])[]): ReportableMessage {
  return {
    id: 'msg_1',
    internetMessageId: '<msg_1@contoso.com>',
    fromEmail: 'reports@contoso.com',
    subject: 'Q3',
    sentAt: AT,
    recipients: recipients.map(([address, delivery]) => ({
      address,
      delivery,
      code: null,
      certain: true,
      source: null,
    })),
  }
}

const OF_TWO = message(['Max@b.example', null], ['eva@b.example', null])

/** What is left of the reports about each recipient. */
function told(facts: Partial<ReportFacts>, read: DeliveryReport, about = OF_TWO, domain: string | null = null) {
  const { reports, codes } = bounceEffects({ ...FACTS, ...facts }, read, [about], domain)
  const brief = reports.map(({ recipient, delivery, code, detail, note }) => [recipient, delivery, code, detail, note])
  return { brief, codes: codes.map(({ code }) => code) }
}

it.each([
  ['it is of the class of reports', { sender: 'somebody@b.example', messageClass: 'REPORT.IPM.Note.NDR' }, true],
  ['Exchange sent it', { sender: EXCHANGE, messageClass: null }, true],
  ['a mail server sent it', { sender: 'MAILER-DAEMON@b.example', messageClass: 'IPM.Note' }, true],
  ['a postmaster sent it', { sender: 'postmaster@b.example', messageClass: null }, true],
  ['it says that a mail is delayed', { sender: EXCHANGE, messageClass: 'REPORT.IPM.Note.Delayed.DR' }, false],
  ['it says that a mail was read', { sender: EXCHANGE, messageClass: 'REPORT.IPM.Note.IPNRN' }, false],
  ['a person sent it', { sender: 'eva@b.example', messageClass: 'IPM.Note' }, false],
  ['nobody knows who sent it', { sender: null, messageClass: null }, false],
])('looks at a mail where %s: %o', (_reason, mail, expected) => {
  expect(mayBeReport(mail)).toBe(expected)
})

it('settles the recipient whose address a report of Exchange has', () => {
  expect(told({}, report(MAX))).toEqual({ brief: [['Max@b.example', 'failed', '5.1.1', 'no', null]], codes: ['5.1.1'] })
  const alias = { ...MAX, addresses: ['box@b.example', 'max@b.example'] }
  expect(told({}, report(alias)).brief).toHaveLength(1)
})

it.each([
  ['max@müller.example', 'max@xn--mller-kva.example'],
  ['Max@XN--mller-kva.example', 'max@müller.example'],
])('finds the recipient %s of whom a report speaks as %s', (address, named) => {
  const about = message([address, null], ['eva@b.example', null])
  const bounced = report({ ...MAX, addresses: [named] })

  expect(told({}, bounced, about).brief).toEqual([[address, 'failed', '5.1.1', 'no', null]])
  expect(told({ from: null, sender: null }, bounced, about).brief).toEqual([
    [address, null, null, null, 'possible bounce'],
  ])
})

it.each([
  [
    'another organisation',
    { from: EXCHANGE.replace('contoso', 'fabrikam'), sender: EXCHANGE },
    'contoso.onmicrosoft.com',
  ],
  [
    'an ordinary domain',
    { from: EXCHANGE.replace('.onmicrosoft', ''), sender: EXCHANGE.replace('.onmicrosoft', '') },
    null,
  ],
  ['another name', { from: 'postmaster@contoso.onmicrosoft.com', sender: EXCHANGE }, null],
  ['nobody', { from: null, sender: null }, null],
])('believes no report of %s', (_whom, facts, domain) => {
  expect(told(facts, report(MAX), OF_TWO, domain)).toEqual({
    brief: [['Max@b.example', null, null, null, 'possible bounce']],
    codes: [],
  })
})

it('believes the organisation that is configured, in any case, and any where none is', () => {
  expect(told({}, report(MAX), OF_TWO, 'contoso.onmicrosoft.com').codes).toEqual(['5.1.1'])
  const other = EXCHANGE.replace('contoso', 'Fabrikam')
  expect(told({ from: other, sender: other }, report(MAX)).codes).toEqual(['5.1.1'])
})

it('reports the bounce of a list member under each list, or else as a possible bounce of every recipient', () => {
  const lists = message(['team@b.example', 'expanded'], ['eva@b.example', null])
  expect(told({}, report(STRANGER), lists).brief).toEqual([
    ['team@b.example', null, null, 'member@b.example: no', null],
  ])
  const note = 'possible bounce: member@b.example: no'
  expect(told({}, report(STRANGER)).brief).toEqual([
    ['Max@b.example', null, null, null, note],
    ['eva@b.example', null, null, null, note],
  ])
})

it('notes at all recipients what another server says of none of them', () => {
  const foreign = { from: 'mailer-daemon@b.example', sender: 'mailer-daemon@b.example', to: ['reports@contoso.com'] }
  expect(told(foreign, TEXT_ONLY).brief.map(([, , , , note]) => note)).toEqual(['possible bounce', 'possible bounce'])
})

it('takes the recipients of a report of Exchange that has only text, but never the sender', () => {
  expect(told({}, TEXT_ONLY).brief).toEqual([['Max@b.example', 'failed', '5.4.1', 'denied', null]])
  const toSender = message(['reports@contoso.com', null], ['eva@b.example', null])
  expect(told({ to: ['reports@contoso.com'] }, TEXT_ONLY, toSender).brief.map(([, delivery]) => delivery)).toEqual([
    null,
    null,
  ])
})

it('changes nothing for a mail that tells of no failure', () => {
  expect(told({}, report({ ...MAX, action: 'delayed' })).brief).toEqual([])
  expect(told({}, { ...TEXT_ONLY, unaddressed: null }).brief).toEqual([])
})
