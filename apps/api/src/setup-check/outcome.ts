import type { Check, CheckCode } from '@inforiver-mail/contract/setup-check'
import type { Values } from '@inforiver-mail/contract/values'

/** What a check found. Its code decides the status. */
export interface Outcome {
  readonly code: CheckCode
  readonly values: Values
  /** Takes the place of the code's own text, where Microsoft's answer is explained already. */
  readonly text?: Pick<Check, 'title' | 'detail' | 'action'>
}

export function found(code: CheckCode, values: Values = {}): Outcome {
  return { code, values }
}
