import { useQuery } from '@tanstack/react-query'
import { QueryPage } from '../shell/query-page.tsx'
import { TenantSettingsLink } from '../shell/tenant-settings-link.tsx'
import { AlertsScreen } from './alerts-screen.tsx'
import { webhooksQuery } from './webhooks-query.ts'

/** Tenant Settings > Alerts. */
export function AlertsPage() {
  return (
    <QueryPage
      above={<TenantSettingsLink />}
      title="Alerts"
      query={useQuery(webhooksQuery)}
      loading="Reading the webhooks"
    >
      {({ items }, freshness) => <AlertsScreen webhooks={items} {...freshness} />}
    </QueryPage>
  )
}
