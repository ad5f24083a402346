import { Link as FluentLink } from '@fluentui/react-components'
import { Link } from 'wouter'
import { PAGES } from '../routes.ts'
import { PageState } from './page-state.tsx'

export function NotFoundPage() {
  return (
    <PageState
      title="Page not found"
      actions={
        <Link href={PAGES.office365Smtp} asChild>
          <FluentLink>Go to the settings</FluentLink>
        </Link>
      }
    >
      <span>There is no page under this address.</span>
    </PageState>
  )
}
