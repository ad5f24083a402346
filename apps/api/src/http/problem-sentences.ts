import type { Values } from '@inforiver-mail/contract/values'
import { problems } from '@inforiver-mail/contract/language/en/problems'
import { fillIn } from '@inforiver-mail/contract/wording'

/** A detail in English, and the values that it is made of. */
export interface Said {
  readonly detail: string
  readonly values: Values
}

type ProblemSentence = keyof typeof problems

/** Whether more of the message may follow, so that its sizes are the least that it has. */
const ARRIVING: Readonly<Record<string, string>> = { yes: 'at least ' }

/** Explains in English why a request is refused, by sentences that are filled with the facts. */
export function say(sentences: ProblemSentence | readonly ProblemSentence[], facts: Values = {}): Said {
  const values = { detail: [sentences].flat().map((name) => `problem.${name}`), ...facts }
  const filled = { ...values, arriving: ARRIVING[String(facts['arriving'])] ?? '' }
  const texts = [sentences].flat().map((name) => fillIn(problems[name], filled))
  return { detail: texts.join(' '), values }
}
