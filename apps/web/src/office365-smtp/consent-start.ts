import {
  type Consent,
  type ConsentPurpose,
  configure,
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
