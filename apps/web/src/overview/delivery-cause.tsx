import { explainDeliveryCode } from '@inforiver-mail/contract/delivery-text'
import { deliveryText } from '../api/server-text.ts'
import { useTranslate } from '../language/language.tsx'

/** Why a recipient was not reached and who does what about it, with the code. */
export function DeliveryCause({ code }: { code: string }) {
  const t = useTranslate()
  const { detail, lang } = deliveryText({ code, explanation: explainDeliveryCode(code) }, t)
  return <span lang={lang}>{t('overview.cause-and-code', { cause: detail, code })}</span>
}
