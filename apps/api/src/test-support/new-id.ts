import { randomBytes } from 'node:crypto'
import { systemClock } from '../runtime/clock.ts'
import { createIds } from '../runtime/ids.ts'

export const newId = createIds({ clock: systemClock, random: randomBytes })
