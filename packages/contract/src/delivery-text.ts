import { deliveryCause } from './delivery-cause.ts'
import { deliveries } from './language/en/deliveries.ts'
import type { Delivery } from './message.ts'

/** Says what became of a recipient and who does what about it; null where there is nothing to explain. */
export function explainDelivery(delivery: Delivery, code: string | null): string | null {
  if (delivery === 'quarantined') return deliveries.quarantined
  return code === null ? null : explainDeliveryCode(code)
}

/** Says what the code means and who does what about it. @param code the number alone, such as `5.1.10` */
export function explainDeliveryCode(code: string): string {
  return deliveries[deliveryCause(code)]
}
