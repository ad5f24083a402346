import { expect, it } from 'vitest'
import { ProblemError } from '../http/problem.ts'
import { completeReply, SmtpRefusal, toRefusal } from './reply.ts'

it.each([
  [220, 'mail ESMTP', false, '220 mail ESMTP'],
  [334, 'VXNlcm5hbWU6', undefined, '334 VXNlcm5hbWU6'],
  [354, 'End data', undefined, '354 End data'],
  [250, 'Accepted', 'RCPT_TO_OK', '250 2.1.5 Accepted'],
  [221, 'Bye', undefined, '221 2.0.0 Bye'],
  [421, 'Server shutting down', 'MAIL', '421 4.3.2 Server shutting down'],
  [421, 'Timeout - closing connection', undefined, '421 4.4.2 Timeout - closing connection'],
  [421, 'Too many connected clients', false, '421 4.7.0 Too many connected clients'],
  [501, 'Error: syntax: EHLO hostname', false, '501 5.5.4 Error: syntax: EHLO hostname'],
  [501, 'Error: Bad sender address syntax', 'SENDER_SYNTAX_ERROR', '553 5.1.7 Error: Bad sender address syntax'],
  [501, 'Error: Bad recipient', 'MAILBOX_SYNTAX_ERROR', '501 5.1.3 Error: Bad recipient'],
  [452, 'Error: too many recipients', 'TOO_MANY_RECIPIENTS', '452 4.5.3 Error: too many recipients'],
  [500, 'Error: command not recognized', 'DATA_OK', '500 5.5.2 Error: command not recognized'],
  [538, 'Begin TLS first', undefined, '538 5.7.11 Begin TLS first'],
  [550, '5.7.60 Not this sender', undefined, '550 5.7.60 Not this sender'],
  [599, 'Something new', undefined, '599 5.0.0 Something new'],
  [451, 'Größe:\r\n250 OK', undefined, '451 4.3.0 Gr?e:?250 OK'],
] as const)('completes %d %s', (code, text, context, expected) => {
  const reply = completeReply(code, text, context)
  expect(`${reply.code} ${reply.text}`).toBe(expected)
})

it('keeps a reply within a line of SMTP', () => {
  expect(completeReply(554, 'x'.repeat(2_000), undefined).text.length).toBeLessThan(500)
})

it.each([
  [new SmtpRefusal(452, '4.3.1', 'No room'), '452 4.3.1 No room'],
  [new ProblemError('storage-full', 'No room.'), '452 4.3.1 No room.'],
  [new ProblemError('message-too-large', 'Too large.'), '552 5.3.4 Too large.'],
  [
    new ProblemError('recipient-not-allowed', 'to[0]: Not there.', {
      errors: [
        { path: 'to[0]', message: 'Not there.' },
        { path: 'bcc[0]', message: 'Not there.' },
      ],
    }),
    '550 5.7.1 Not there.',
  ],
  [new ProblemError('unavailable', 'Later.'), '451 4.3.0 Later.'],
  [
    new ProblemError('invalid-input', '2 faults', {
      errors: [
        { path: 'subject', message: 'Too long.' },
        { path: '', message: 'Empty.' },
        { path: 'priority', message: 'None.' },
      ],
    }),
    '554 5.6.0 subject: Too long. Empty. X-Inforiver-Priority: None.',
  ],
  [new Error('away'), '451 4.3.0 The database does not answer right now. Send the message again in a moment.'],
])('turns %s into a reply', (error, expected) => {
  const refusal = toRefusal(error, (given) => ((given as Error).message === 'away' ? 'database-away' : null))
  expect(`${refusal?.responseCode} ${refusal?.message}`).toBe(expected)
})

it('does not describe a fault of ours', () => {
  expect(toRefusal(new Error('secret'), () => null)).toBeNull()
})
