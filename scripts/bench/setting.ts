/** When the simulated Microsoft answers, unless a bench says otherwise. */
export const GRAPH_MS = 5

/** What a bench is measured with. */
export interface Setting {
  /** Each number of mailboxes that is measured with; none where there is no mailbox. */
  readonly mailboxes: readonly number[]
  /** When Graph answers; none where it is not asked. */
  readonly graphMs: readonly number[]
  /** How many mails are measured, or what else. */
  readonly mails: number | string
  /** How often. */
  readonly rounds: number
}

export function describeSetting({ mailboxes, graphMs, mails, rounds }: Setting): string {
  const numbers = (values: readonly number[]) => values.map(grouped).join(' and ')
  const amount = typeof mails === 'string' ? mails : `${grouped(mails)} mails`
  return [
    ...(mailboxes.length === 0 ? [] : [`${numbers(mailboxes)} mailbox${mailboxes.join() === '1' ? '' : 'es'}`]),
    ...(graphMs.length === 0 ? [] : [`Graph answers after ${numbers(graphMs)} ms`]),
    rounds === 1 ? amount : `${amount}, ${rounds} times`,
  ].join('; ')
}

/** With its thousands apart. */
export function grouped(value: number): string {
  return value.toLocaleString('en')
}
