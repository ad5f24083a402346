import {
  configure,
  type Consent,
  ConsentId,
  type ConsentPurpose,
  enableLargeAttachments,
  reconnect,
  SenderInput,
  switchDeliveryReports,
  updateSender,
} from '@inforiver-mail/contract/office365-smtp'
import { z } from 'zod'
import { call } from '../api/call.ts'

/** Where delivery reports come from. */
export const ReportSource = z.enum(['bounces', 'trace'])
export type ReportSource = z.infer<typeof ReportSource>

/** The change that needs consent at Microsoft, as this page requests it. */
export const ConsentStart = z.discriminatedUnion('purpose', [
  z.strictObject({ purpose: z.literal('configure'), sender: SenderInput }),
  z.strictObject({ purpose: z.literal('update-sender'), sender: SenderInput }),
  z.strictObject({ purpose: z.literal('large-attachments') }),
  z.strictObject({ purpose: z.literal('reconnect') }),
  z.strictObject({ purpose: z.literal('delivery-reports'), on: z.array(ReportSource).min(1) }),
]) satisfies z.ZodType<{ purpose: ConsentPurpose }>
export type ConsentStart = z.infer<typeof ConsentStart>

export function isSameStart(one: ConsentStart | null, other: ConsentStart): boolean {
  return one !== null && JSON.stringify(ConsentStart.parse(one)) === JSON.stringify(ConsentStart.parse(other))
}

/** Returns the consent; null where the change was made without one. */
export async function requestConsent(start: ConsentStart): Promise<Consent | null> {
  switch (start.purpose) {
    case 'configure':
      return call(configure, { body: start.sender })
    case 'update-sender':
      return call(updateSender, { body: start.sender })
    case 'large-attachments':
      return call(enableLargeAttachments, { body: { enabled: true } })
    case 'reconnect':
      return call(reconnect, { body: {} })
    case 'delivery-reports': {
      const answer = await call(switchDeliveryReports, {
        body: Object.fromEntries(start.on.map((source) => [source, true])),
      })
      return 'consentUrl' in answer ? answer : null
    }
  }
}

const MAX_WATCHED = 10

/** A consent that this page follows until it ends. Its status is read from the API. */
export const WatchedConsent = z.strictObject({
  id: ConsentId,
  /** The sender it is for; null while that is unknown. */
  fromEmail: z.string().nullable(),
  /** What this tab asked for; null when another tab or admin started it. */
  start: ConsentStart.nullable(),
  /** When this tab started it, in ms since the epoch; 0 when another tab or admin did. */
  startedAt: z.number(),
  /** The admin has dismissed its outcome. */
  dismissed: z.boolean(),
})
export type WatchedConsent = z.infer<typeof WatchedConsent>

export type WatchEvent =
  /** This tab started a consent, or asked again for a pending one. That dismisses the outcomes of those that have `ended`. */
  | { readonly type: 'started'; readonly consent: WatchedConsent; readonly ended: readonly string[] }
  /** The settings list a consent as pending. */
  | { readonly type: 'seen'; readonly id: string; readonly fromEmail: string }
  | { readonly type: 'dismissed'; readonly ids: readonly string[] }

/** Returns the next list of watched consents, newest first. */
export function watch(watched: readonly WatchedConsent[], event: WatchEvent): readonly WatchedConsent[] {
  switch (event.type) {
    case 'started':
      return [event.consent, ...dismiss(without(watched, event.consent), event.ended)].slice(0, MAX_WATCHED)
    case 'seen':
      if (watched.some(({ id }) => id === event.id)) return watched
      return [
        { id: event.id, fromEmail: event.fromEmail, start: null, startedAt: 0, dismissed: false },
        ...watched,
      ].slice(0, MAX_WATCHED)
    case 'dismissed':
      return dismiss(watched, event.ids)
  }
}

function without(watched: readonly WatchedConsent[], consent: WatchedConsent): readonly WatchedConsent[] {
  return watched.filter(({ id }) => id !== consent.id)
}

function dismiss(watched: readonly WatchedConsent[], ids: readonly string[]): readonly WatchedConsent[] {
  return watched.map((consent) => (ids.includes(consent.id) ? { ...consent, dismissed: true } : consent))
}
