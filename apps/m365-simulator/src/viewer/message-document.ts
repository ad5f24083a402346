import type { FastifyReply } from 'fastify'
import type { MailboxItem } from '../state/store.ts'
import { messageUrl } from './pages.ts'

/**
 * The HTML of a message, as its sender wrote it, for a sandboxed frame: no scripts, no forms, nothing loaded from
 * elsewhere. Inline images are the message's own attachments.
 *
 * @param origin the sandbox has none, so that 'self' would not name it reliably
 */
export function messageDocument(
  reply: FastifyReply,
  { mailbox, id, message }: MailboxItem,
  origin: string,
): FastifyReply {
  const base = `${origin}${messageUrl(mailbox, id)}/attachments/`
  const inline = new Map(
    message.attachments.map((attachment) => [attachment.contentId, `${base}${encodeURIComponent(attachment.id)}`]),
  )
  const content = message.body.content.replaceAll(
    /cid:([^"'\s>)]+)/gi,
    (match, contentId: string) => inline.get(contentId) ?? match,
  )
  return reply
    .headers({
      'content-security-policy': `sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src ${origin} data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .type('text/html; charset=utf-8')
    .send(content)
}
