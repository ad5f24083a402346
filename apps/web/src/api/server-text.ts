import { deliveryCause } from '@inforiver-mail/contract/delivery-cause'
import type { Delivery } from '@inforiver-mail/contract/message'
import { readFault } from '@inforiver-mail/contract/fault-text'
import type { Values } from '@inforiver-mail/contract/values'
import { type WordedText, wordValues } from '@inforiver-mail/contract/wording'
import type { TextValues, Translate } from '../language/translate.ts'
import type { Pause } from '@inforiver-mail/contract/usage'

/** The language of a text that could not be worded in the page's: the server's English. */
export interface InLanguage {
  readonly lang?: 'en'
}

/**
 * Words what the server said in the page's language, by the sentences that its values name. What the page has no
 * sentence for stays in the server's English.
 */
export function serverText<Text extends Partial<WordedText>>(
  said: Text & { readonly values: Values },
  t: Translate,
): Pick<Text, Extract<keyof Text, keyof WordedText>> & InLanguage {
  const { title, detail, action, values } = said
  const english = {
    ...(title !== undefined && { title }),
    ...(detail !== undefined && { detail }),
    ...(action !== undefined && { action }),
  } as Pick<Text, Extract<keyof Text, keyof WordedText>>
  if (t.language === 'en') return english
  const filled = toTextValues(values, t)
  const worded = wordValues(values, (name) => t.known(`server.${name}`, filled))
  const isWhole = worded !== null && Object.keys(english).every((part) => part in worded)
  if (!isWhole) return { ...english, lang: 'en' }
  return Object.fromEntries(Object.entries(worded).filter(([part]) => part in english)) as typeof english
}

/** Words a fault of the input; `message` is the English of it. */
export function faultText(message: string, t: Translate): string {
  if (t.language === 'en') return message
  const { code, values } = readFault(message)
  return t.known(`server.fault.${code}`, toTextValues(values, t)) ?? message
}

/** Words why a message did not reach a recipient; `explanation` is the English of it. */
export function deliveryText(
  { delivery, code, explanation }: { delivery?: Delivery; code: string | null; explanation: string },
  t: Translate,
): { readonly detail: string } & InLanguage {
  if (t.language === 'en') return { detail: explanation }
  const cause = delivery === 'quarantined' ? delivery : code && deliveryCause(code)
  const worded = t.known(`server.delivery.${cause ?? ''}`)
  return worded === null ? { detail: explanation, lang: 'en' } : { detail: worded }
}

function toTextValues(values: Values, t: Translate): TextValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' || typeof value === 'number'
        ? value
        : Array.isArray(value)
          ? t.list(value)
          : String(value ?? ''),
    ]),
  )
}

/** Why nothing is sent from the mailbox for a while, without a full stop. `pause` is null while that was not read. */
export function pauseText(pause: Pause | null | undefined, t: Translate): string {
  const { code = 'unknown', host = null, status = null } = pause ?? {}
  return t(`overview.paused.${code}`, { host: host ?? '', status: status ?? '' })
}
