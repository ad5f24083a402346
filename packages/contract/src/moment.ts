import { z } from 'zod'
import { fault } from './fault-text.ts'

/** A zone can push a time out of these years in UTC, where ISO 8601 needs more digits. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z')
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** A date and time with a zone, which can be stored and answered back in UTC. */
export const Moment = z.iso
  .datetime({
    offset: true,
    abort: true,
    error: fault('date-and-time'),
  })
  .refine((value) => Date.parse(value) >= EARLIEST_MS && Date.parse(value) <= LATEST_MS, fault('year-out-of-range'))
