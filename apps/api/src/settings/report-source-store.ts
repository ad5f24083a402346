import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import type pg from 'pg'
import type { ReportSource } from './settings-state.ts'

// Sources of delivery reports that are on, for those who read them.

const tenantsWith = (source: ReportSource): string =>
  `SELECT tenant_id AS id FROM tenant_settings WHERE ${source}_enabled AND status <> 'not-configured'`

/** $1 tenant, $2 problem as JSON without its time, or null */
const noteProblem = (source: ReportSource): string => `
UPDATE tenant_settings
   SET ${source}_problem = $2::jsonb || jsonb_build_object('since', to_char(mail_now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
 WHERE tenant_id = $1 AND ${source}_enabled AND (${source}_problem ->> 'code') IS DISTINCT FROM ($2::jsonb ->> 'code')`

export function createReportSourceStore(pool: pg.Pool) {
  return {
    /** The tenants that have switched a source on. */
    async tenantsWith(source: ReportSource): Promise<readonly string[]> {
      const { rows } = await pool.query<{ id: string }>(tenantsWith(source))
      return rows.map(({ id }) => id)
    },
    /**
     * Stores the current problem of a report source, if any. A problem that goes on keeps its time. Does nothing when the
     * source has been switched off meanwhile.
     */
    async noteProblem(
      tenantId: string,
      source: ReportSource,
      problem: Omit<ReportsProblem, 'since'> | null,
    ): Promise<void> {
      await pool.query(noteProblem(source), [tenantId, problem && JSON.stringify(problem)])
    },
  }
}
