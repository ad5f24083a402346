import type { MessageEvent, MessageEventType } from '@inforiver-mail/contract/message-event'
import type pg from 'pg'
import { withNamed } from '../../database/named.ts'

// What became of messages, in the order in which it was written. The statements that end, hold and release messages write
// message_events (`countAndTell` in counters.ts).

/** How many events one statement looks at when it has to leave some out, and one call at most. */
const LOOKED_AT_ONCE = 10_000
const MOST_LOOKED_AT = 100_000
/**
 * A reader whose last event is missing (a restore or failover, maybe with an earlier clock) reads again from this long
 * before it.
 */
const READ_AGAIN_MS = 5 * 60_000
const MICROSECONDS = 1_000

/** Where a reader stands among the events of a tenant. */
export interface EventPlace {
  /** Microseconds since 1970; 0 is before every event. */
  readonly position: number
  /** A part of the id of the message that the event at this position is about. Null: there may be no event. */
  readonly mark: string | null
}

export const BEFORE_ALL_EVENTS: EventPlace = { position: 0, mark: null }

export interface EventFilter {
  readonly types: readonly MessageEventType[]
  /** Null: every service. */
  readonly services: readonly string[] | null
  /** Leaves out what happened before. */
  readonly since?: Date | null
  /** Leaves out what comes after this position. */
  readonly endsAt?: number | null
}

export interface StoredEvent {
  readonly position: number
  readonly event: MessageEvent
}

export interface EventPage {
  readonly events: readonly StoredEvent[]
  /** Behind the last event that was looked at. */
  readonly next: EventPlace
  /** Whether there is no event after `next` yet. */
  readonly ended: boolean
}

/** How many events were found, and the position of the last of them. */
interface EventCount {
  readonly count: number
  readonly last: number | null
}

export type Events = ReturnType<typeof createEvents>

/** The position that an event has at least if it happened at this time. */
export function positionOf(time: Date): number {
  return (time.getTime() - 1) * MICROSECONDS // a stored time may have been rounded up
}

/** Holds the position, so that the id alone says where to read on. */
export function eventIdOf({ position, mark }: { position: number; mark: string }): string {
  return `evt_${position.toString(16).padStart(16, '0')}${mark}`
}

/** @param id matches `MessageEventId` */
export function placeOf(id: string): EventPlace {
  return { position: Number.parseInt(id.slice(4, 20), 16), mark: id.slice(20) }
}

const MARK = `substr(message_id, 5, 16)`
const COLUMNS = `position, ${MARK} AS mark, at, type, message_id, service, recipient, code, detail, possible_duplicate`

/** @param event the name of rows of message_events that were found already */
const referenceOf = (event: string): string =>
  `(SELECT m.reference FROM messages m WHERE m.id = ${event}.message_id) AS reference`

/** $1 tenants */
const ENDS = `
SELECT t.id AS "tenantId", last.position, last.mark
  FROM unnest($1::text[]) AS t(id) CROSS JOIN LATERAL (
    SELECT e.position, ${MARK} AS mark FROM message_events e WHERE e.tenant_id = t.id ORDER BY e.position DESC LIMIT 1) AS last`

/** `:mark` is null where there may be no event; `:lookedAt` is how many events are looked at for `:limit`. */
const LOOK = `
WITH known AS MATERIALIZED (
  SELECT :mark::text IS NULL OR EXISTS (SELECT 1 FROM message_events e WHERE e.tenant_id = :tenant AND e.position = :position AND ${MARK} = :mark) AS is_known
), start AS MATERIALIZED (
  SELECT CASE WHEN is_known THEN :position::bigint ELSE :position - ${READ_AGAIN_MS * MICROSECONDS} END AS position,
         NOT is_known AND :position - ${READ_AGAIN_MS * MICROSECONDS} > extract(epoch FROM mail_now()) * 1000000 AS is_future
    FROM known
), looked_at AS MATERIALIZED (
  SELECT ${COLUMNS} FROM message_events e
   WHERE e.tenant_id = :tenant AND e.position > (SELECT start.position FROM start) AND e.position <= coalesce(:endsAt::bigint, 9223372036854775807)
   ORDER BY e.position LIMIT :lookedAt
), chosen AS MATERIALIZED (
  SELECT * FROM looked_at
   WHERE type = ANY (:types::text[]) AND (:services::text[] IS NULL OR service = ANY (:services)) AND (:since::timestamptz IS NULL OR at >= :since)
   ORDER BY position LIMIT :limit
)`

const READ = `${LOOK}
SELECT 'end' AS row, l.position, l.mark, NULL::timestamptz AS at, NULL AS type, NULL AS message_id, NULL AS service, NULL AS recipient,
       NULL AS code, NULL AS detail, NULL::boolean AS possible_duplicate, NULL AS reference,
       (SELECT count(*) FROM looked_at)::int AS looked, s.is_future
  FROM start s LEFT JOIN (SELECT position, mark FROM looked_at ORDER BY position DESC LIMIT 1) AS l ON true
UNION ALL
SELECT 'event', c.*, ${referenceOf('c')}, NULL, NULL FROM (SELECT * FROM chosen ORDER BY position) AS c`

const COUNT = `${LOOK}
SELECT (SELECT count(*) FROM chosen)::int AS count, (SELECT max(position) FROM chosen) AS last, (SELECT count(*) FROM looked_at)::int AS looked,
       (SELECT max(position) FROM looked_at) AS looked_to`

/** $1 tenant, $2 positions */
const FIND = `
SELECT e.*, ${referenceOf('e')} FROM (
  SELECT ${COLUMNS} FROM message_events WHERE tenant_id = $1 AND position = ANY ($2::bigint[])) AS e
 ORDER BY e.position`

interface EventRow {
  readonly position: string
  readonly mark: string
  readonly at: Date
  readonly type: MessageEventType
  readonly message_id: string
  readonly service: string
  readonly recipient: string | null
  readonly code: string | null
  readonly detail: string | null
  readonly possible_duplicate: boolean
  readonly reference: string | null
}

type ReadRow =
  | ({ readonly row: 'event' } & EventRow)
  | {
      readonly row: 'end'
      readonly position: string | null
      readonly mark: string | null
      readonly looked: number
      readonly is_future: boolean
    }

export function createEvents(pool: pg.Pool) {
  async function look(tenantId: string, after: EventPlace, limit: number, lookedAt: number, filter: EventFilter) {
    const [text, values] = lookingFor(READ, tenantId, after, filter, { limit, lookedAt })
    const { rows } = await pool.query<ReadRow>({ name: 'read-events', text, values })
    const end = rows.find((row) => row.row === 'end')
    if (end === undefined || end.is_future) return null
    const events = rows.filter((row) => row.row === 'event').map(toStoredEvent)
    return { events, looked: end.looked, last: end.position === null ? after : toPlace(end.position, end.mark) }
  }

  return {
    /** The newest event of a tenant. */
    async end(tenantId: string): Promise<EventPlace> {
      const { rows } = await pool.query<{ position: string; mark: string }>(ENDS, [[tenantId]])
      const [last] = rows
      return last ? toPlace(last.position, last.mark) : BEFORE_ALL_EVENTS
    },

    /** The positions of the newest events of tenants; those without an event are missing. */
    async ends(tenantIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
      const { rows } = await pool.query<{ tenantId: string; position: string }>(ENDS, [tenantIds])
      return new Map(rows.map(({ tenantId, position }) => [tenantId, Number(position)]))
    },

    /**
     * Reads at most `limit` events after a place. A page with fewer may end before the last event, since one call looks at
     * 100,000 events at most. Returns null when the place is in the future, so that it is of another installation.
     */
    async read(tenantId: string, after: EventPlace, limit: number, filter: EventFilter): Promise<EventPage | null> {
      const events: StoredEvent[] = []
      let next = after
      let lookedAt = limit
      for (let looked = 0; looked < MOST_LOOKED_AT; lookedAt = LOOKED_AT_ONCE) {
        const step = await look(tenantId, next, limit - events.length, lookedAt, filter)
        if (step === null) return null
        events.push(...step.events)
        const last = events.at(-1)
        if (events.length === limit && last) return { events, next: placeOf(last.event.id), ended: false }
        next = step.last
        looked += step.looked
        if (step.looked < lookedAt) return { events, next, ended: true }
      }
      return { events, next, ended: false }
    },

    /** Reads the events at positions, as far as they are kept. */
    async find(tenantId: string, positions: readonly number[]): Promise<readonly StoredEvent[]> {
      const { rows } = await pool.query<EventRow>(FIND, [tenantId, positions])
      return rows.map(toStoredEvent)
    },

    /** Counts the events after a place, up to `atMost`, and looks at `lookedAt` at most. */
    async count(
      tenantId: string,
      after: number,
      filter: EventFilter,
      { atMost, lookedAt }: { atMost: number; lookedAt: number },
    ): Promise<EventCount> {
      let found: EventCount = { count: 0, last: null }
      let position = after
      for (let looked = 0; looked < lookedAt && found.count < atMost;) {
        const [text, values] = lookingFor(COUNT, tenantId, { position, mark: null }, filter, {
          limit: atMost - found.count,
          lookedAt: LOOKED_AT_ONCE,
        })
        const { rows } = await pool.query<{ count: number; last: string | null; looked: number; looked_to: string }>({
          name: 'count-events',
          text,
          values,
        })
        const [row] = rows
        if (!row) throw new Error('The count of events has no row.')
        found = { count: found.count + row.count, last: row.last === null ? found.last : Number(row.last) }
        if (row.looked < LOOKED_AT_ONCE) break
        looked += row.looked
        position = Number(row.looked_to)
      }
      return found
    },
  }
}

function lookingFor(
  sql: string,
  tenant: string,
  place: EventPlace,
  { types, services, since = null, endsAt = null }: EventFilter,
  bounds: { readonly limit: number; readonly lookedAt: number },
) {
  return withNamed(sql, { tenant, ...place, types, services, since, endsAt, ...bounds })
}

function toPlace(position: string, mark: string | null): EventPlace {
  return { position: Number(position), mark }
}

function toStoredEvent(row: EventRow): StoredEvent {
  const position = Number(row.position)
  return {
    position,
    event: {
      id: eventIdOf({ position, mark: row.mark }),
      type: row.type,
      at: row.at.toISOString(),
      messageId: row.message_id,
      reference: row.reference,
      service: row.service,
      recipient: row.recipient,
      code: row.code,
      detail: row.detail,
      possibleDuplicate: row.possible_duplicate,
    },
  }
}
