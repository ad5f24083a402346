import { randomBytes } from 'node:crypto'
import { createRandomStock } from '@inforiver-mail/m365/random'
import { systemClock } from '../runtime/clock.ts'
import { createIds } from '../runtime/ids.ts'

export const newId = createIds({ clock: systemClock, random: createRandomStock(randomBytes) })
