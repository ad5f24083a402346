import type { MessageProblem, MessageProblemCode } from '@inforiver-mail/contract/message'
import { worded } from '@inforiver-mail/m365/explanation'

/** The problem of a message that no answer of Microsoft is about. */
export function problemOf(code: MessageProblemCode, title: string, sentence: string): MessageProblem {
  const { title: heading, detail, values } = worded({ title, detail: [sentence] })
  return { code, values, title: heading, detail, microsoftCode: null, requestId: null }
}
