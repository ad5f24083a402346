import { Link as FluentLink } from '@fluentui/react-components'
import { Link } from 'wouter'
import { PAGES } from '../routes.ts'

/** What the pages under Tenant Settings belong to, in their path. */
export function TenantSettingsLink() {
  return (
    <Link href={PAGES.office365Smtp} asChild>
      <FluentLink inline>Tenant Settings</FluentLink>
    </Link>
  )
}
