import { useQuery } from '@tanstack/react-query'
import { QueryPage } from '../shell/query-page.tsx'
import { TenantSettingsLink } from '../shell/tenant-settings-link.tsx'
import { serviceKeysQuery } from './service-keys-query.ts'
import { ServiceKeysScreen } from './service-keys-screen.tsx'

/** Tenant Settings > Service keys. */
export function ServiceKeysPage() {
  return (
    <QueryPage
      above={<TenantSettingsLink />}
      title="Service keys"
      query={useQuery(serviceKeysQuery)}
      loading="Reading the service keys"
    >
      {({ items }, freshness) => <ServiceKeysScreen keys={items} {...freshness} />}
    </QueryPage>
  )
}
