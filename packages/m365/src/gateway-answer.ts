import type { Values } from '@inforiver-mail/contract/values'
import type { AnswerHeaders } from './answer-headers.ts'
import { cutText } from './cut-text.ts'
import { plainText } from './plain-text.ts'

/** What something between this server and Microsoft, such as a proxy or a firewall, answered in Microsoft's place. */
export interface GatewayAnswer {
  readonly status: number
  /** The host of Microsoft that was asked. */
  readonly host: string
  /** Without its parameters; null when there is none. */
  readonly contentType: string | null
  /** The beginning of what it says, without addresses and secrets; empty when it says nothing. */
  readonly excerpt: string
}

const MAX_READ_CHARACTERS = 16_384
const MAX_EXCERPT_CHARACTERS = 200
const MAX_CONTENT_TYPE_CHARACTERS = 60

export function readGatewayAnswer(
  { status, headers, text }: { readonly status: number; readonly headers: AnswerHeaders; readonly text: string },
  host: string,
): GatewayAnswer {
  const [type = ''] = (headers.get('content-type') ?? '').split(';')
  const contentType = plainText(type, MAX_CONTENT_TYPE_CHARACTERS).toLowerCase()
  return { status, host, contentType: contentType === '' ? null : contentType, excerpt: excerptOf(text) }
}

/** Names the sentences that say what answered, and fills them in. */
export function gatewayValues({ status, host, contentType, excerpt }: GatewayAnswer): Values & { detail: string[] } {
  const name = contentType === null ? 'intercepted-untyped' : 'intercepted'
  const says = excerpt === '' ? [] : ['gateway-says']
  return { detail: [name, ...says], status, host, contentType, ...(excerpt !== '' && { excerpt }) }
}

/** Parts of a page that nobody reads, and all its tags. An element that does not end goes on to the end of the text. */
const MARKUP = /<(script|style|svg)\b[^]*?(?:<\/\1\s*>|$)|<!--[^]*?(?:-->|$)|<[^<>]*>/gi

/** Leaves out what may lead somewhere, name somebody or grant access: a gateway may repeat the request that it refuses. */
const PRIVATE: readonly RegExp[] = [
  /\S{33,}/g, // first, so that the others meet short words only
  /\b[a-z][a-z\d+.-]{1,20}:\/\/\S*/gi, // URLs
  /\bwww\.\S+/gi,
  /[^\s<>"'(),;:]+@[^\s<>"'(),;]+/g, // mail addresses
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, // IPv4
  /(?<![\w:])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi, // IPv6
  /\b(?:bearer|basic|negotiate)\s+\S+/gi,
  /\b[\w-]*(?:token|secret|password|passwd|signature|session|cookie|auth|key)["']?\s*[=:]\s*(?:"[^"]*"|\S+)/gi,
]

function excerptOf(text: string): string {
  const read = text.length > MAX_READ_CHARACTERS ? text.slice(0, MAX_READ_CHARACTERS).replace(/\S*$/, '') : text
  const said = plainText(read.replace(MARKUP, ' '), MAX_READ_CHARACTERS)
  const clean = PRIVATE.reduce((rest, pattern) => rest.replace(pattern, '…'), said)
  return clean.length <= MAX_EXCERPT_CHARACTERS ? clean : `${cutText(clean, MAX_EXCERPT_CHARACTERS - 1).trimEnd()}…`
}
