import { checks } from './de/checks.ts'
import { deliveries } from './de/deliveries.ts'
import { entra } from './de/entra.ts'
import { faults } from './de/faults.ts'
import { messages } from './de/messages.ts'
import { microsoft } from './de/microsoft.ts'
import { problems } from './de/problems.ts'

/** German for all that the server says in English, in ICU's syntax, under the ids by which the page looks for it. */
export const GERMAN: Readonly<Record<string, string>> = {
  ...under('server', { ...entra, ...microsoft, ...messages }),
  ...under('server.problem', problems),
  ...under('server.delivery', deliveries),
  ...under('server.fault', faults),
  ...under('checks', checks),
}

function under(area: string, texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${area}.${name}`, text]))
}
