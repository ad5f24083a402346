import { useQuery } from '@tanstack/react-query'
import { settingsQuery } from '../api/queries.ts'
import { QueryPage } from '../shell/query-page.tsx'
import { SettingsScreen } from './settings-screen.tsx'

/** Tenant Settings > Office 365 SMTP. */
export function Office365SmtpPage() {
  const query = useQuery(settingsQuery)
  return (
    <QueryPage above="Tenant Settings" title="Office 365 SMTP" query={query} loading="Reading the settings">
      {(settings, freshness) => <SettingsScreen settings={settings} readAt={query.dataUpdatedAt} {...freshness} />}
    </QueryPage>
  )
}
