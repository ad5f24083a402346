import { randomBytes } from 'node:crypto'
import { createRandomStock } from '@inforiver-mail/m365/random'
import { systemClock } from '../clock.ts'
import { createIds } from '../ids.ts'

export const newId = createIds({ clock: systemClock, random: createRandomStock(randomBytes) })
