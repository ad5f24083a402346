import type { ProblemCode } from '@inforiver-mail/contract/problem'
import type { Outage } from '../domain/outage.ts'
import { ProblemError, say } from '../http/problem.ts'

// Every reply of 4xx and 5xx carries exactly one enhanced status code (RFC 3463). smtp-server would choose it by the number
// alone, so it is told to write none, and they are written here.

/** A line of a reply has at most 512 octets (RFC 5321 section 4.5.3.1.5). */
const MAX_TEXT_CHARACTERS = 450
const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3} /

/** What smtp-server says about the context of a reply, where the number alone is not enough. */
const BY_CONTEXT: Readonly<Record<string, readonly [code: number, enhanced: string]>> = {
  MAIL_FROM_OK: [250, '2.1.0'],
  RCPT_TO_OK: [250, '2.1.5'],
  DATA_OK: [250, '2.0.0'],
  SENDER_SYNTAX_ERROR: [553, '5.1.7'],
  MAILBOX_SYNTAX_ERROR: [501, '5.1.3'],
  TOO_MANY_RECIPIENTS: [452, '4.5.3'],
}

const BY_CODE: Readonly<Record<number, string>> = {
  235: '2.7.0',
  421: '4.7.0',
  451: '4.3.0',
  452: '4.3.1',
  454: '4.7.0',
  500: '5.5.2',
  501: '5.5.4',
  502: '5.5.1',
  503: '5.5.1',
  504: '5.5.4',
  530: '5.7.0',
  535: '5.7.8',
  538: '5.7.11',
  550: '5.7.1',
  552: '5.3.4',
  553: '5.1.7',
  554: '5.6.0',
  555: '5.5.4',
}

/** Refuses a command or a message. The text says who does what about it. */
export class SmtpRefusal extends Error {
  override readonly name = 'SmtpRefusal'
  readonly responseCode: number

  constructor(responseCode: number, enhanced: string, text: string) {
    super(`${enhanced} ${text}`)
    this.responseCode = responseCode
  }
}

/** Returns the number and the text of a reply, with the one enhanced code that it carries. */
export function completeReply(
  code: number,
  text: string,
  context: string | false | undefined,
): { readonly code: number; readonly text: string } {
  const line = oneLine(text)
  const isGreeting = context === false && code < 400 // RFC 2034 section 3: neither the greeting nor EHLO's answer
  if (isGreeting || (code >= 300 && code < 400) || ENHANCED.test(line)) return { code, text: line }
  const known = context ? BY_CONTEXT[context] : undefined
  // The context of an unknown command is its name, which may be one of these.
  const [number, enhanced] = known && classOf(known[0]) === classOf(code) ? known : [code, enhancedOf(code, line)]
  return { code: number, text: `${enhanced} ${line}` }
}

function enhancedOf(code: number, text: string): string {
  if (code === 421 && /shutting down/i.test(text)) return '4.3.2'
  if (code === 421 && /timeout/i.test(text)) return '4.4.2'
  return BY_CODE[code] ?? `${classOf(code)}.0.0`
}

function classOf(code: number): number {
  return Math.floor(code / 100)
}

/** Replies are ASCII (RFC 5321 section 4.2), and a line break would begin another one. */
function oneLine(text: string): string {
  const ascii = text.replaceAll(/[^\x20-\x7e]+/g, '?')
  return ascii.length <= MAX_TEXT_CHARACTERS ? ascii : `${ascii.slice(0, MAX_TEXT_CHARACTERS - 3)}...`
}

const PROBLEMS: Partial<Readonly<Record<ProblemCode, readonly [code: number, enhanced: string]>>> = {
  'invalid-input': [554, '5.6.0'],
  'sender-not-allowed': [550, '5.7.60'],
  'recipient-not-allowed': [550, '5.7.1'],
  'message-too-large': [552, '5.3.4'],
  'large-attachments-disabled': [552, '5.3.4'],
  'storage-full': [452, '4.3.1'],
}

/**
 * Turns the refusal of a message into a reply; null for what is no refusal, but a fault of ours. Whatever may pass is 451,
 * which has the client try again.
 */
export function toRefusal(error: unknown, outageOf: (error: unknown) => Outage | null): SmtpRefusal | null {
  if (error instanceof SmtpRefusal) return error
  if (error instanceof ProblemError) {
    const [code, enhanced] = PROBLEMS[error.code] ?? [451, '4.3.0']
    return new SmtpRefusal(code, enhanced, describe(error))
  }
  const outage = outageOf(error)
  return outage === null
    ? null
    : new SmtpRefusal(451, '4.3.0', `${say(outage).detail} Send the message again in a moment.`)
}

function describe({ code, message, errors = [] }: ProblemError): string {
  if (errors.length === 0) return message
  // A client knows its recipients by their commands, and not by the fields of the REST API.
  if (code === 'recipient-not-allowed') return [...new Set(errors.map((fault) => fault.message))].join(' ')
  return errors.map(({ path, message: fault }) => withHeaders(path === '' ? fault : `${path}: ${fault}`)).join(' ')
}

/** Our headers, by the fields of the REST API that they become. */
export const OWN_HEADERS: Readonly<Record<string, string>> = {
  priority: 'X-Inforiver-Priority',
  reference: 'X-Inforiver-Reference',
  expiresAt: 'X-Inforiver-Expires-At',
  sendAt: 'X-Inforiver-Send-At',
}

/** Names the headers of a mail in place of the fields that they become. */
function withHeaders(text: string): string {
  return text.replaceAll(
    /^(?:priority|reference)(?=:)|\b(?:expiresAt|sendAt)\b/g,
    (field) => OWN_HEADERS[field] ?? field,
  )
}
