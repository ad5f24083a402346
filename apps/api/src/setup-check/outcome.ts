import type { Check, CheckCode, CheckValues } from '@inforiver-mail/contract/setup-check'

/** What a check found. Its code decides the status. */
export interface Outcome {
  readonly code: CheckCode
  readonly values: CheckValues
  /** Takes the place of the code's own text, where Microsoft's answer is explained already. */
  readonly text?: Pick<Check, 'title' | 'detail' | 'action'>
}

export function found(code: CheckCode, values: CheckValues = {}): Outcome {
  return { code, values }
}
