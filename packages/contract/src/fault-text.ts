import { faults } from './language/en/faults.ts'
import type { InputFault } from './problem.ts'
import type { Values } from './values.ts'
import { fillIn } from './wording.ts'

export type FaultCode = keyof typeof faults

/** The English of a fault, which `readFault` understands. */
export function fault(code: FaultCode, values: Values = {}): string {
  return fillIn(faults[code], values)
}

/** Reads code and values back from a message of `fault`; any other message has the code `invalid`. */
export function readFault(message: string): Pick<InputFault, 'code' | 'values'> {
  const plain = PLAIN.get(message)
  if (plain !== undefined) return { code: plain, values: {} }
  for (const { code, pattern } of PATTERNS) {
    const groups = pattern.exec(message)?.groups
    if (groups) return { code, values: Object.fromEntries(Object.entries(groups).map(toValue)) }
  }
  return { code: 'invalid', values: {} }
}

function toValue([name, text]: [string, string]): [string, string | number] {
  return [name, /^\d+$/.test(text) ? Number(text) : text]
}

/** Values that are numbers; any other is text, such as an address. */
const NUMBERS = new Set(['min', 'max', 'count', 'part'])

const HAS_VALUES = /\{(\w+)\}/g
const ENTRIES = Object.entries(faults) as [FaultCode, string][]
const PLAIN = new Map(ENTRIES.filter(([, text]) => !/\{\w+\}/.test(text)).map(([code, text]) => [text, code]))

const PATTERNS = ENTRIES.filter(([, text]) => /\{\w+\}/.test(text)).map(([code, text]) => ({
  code,
  pattern: new RegExp(
    `^${text.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(HAS_VALUES, (_, name: string) => `(?<${name}>${NUMBERS.has(name) ? '\\d+' : '.{1,300}?'})`)}$`,
  ),
}))
