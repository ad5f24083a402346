import { Link } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { problemCode } from '../api/failure.ts'
import { settingsQuery } from '../api/queries.ts'
import { PageFailure, PageLoading, PageState } from '../shell/page-state.tsx'
import { SettingsScreen } from './settings-screen.tsx'

/** Tenant Settings > Office 365 SMTP. */
export function Office365SmtpPage() {
  const { data: settings, dataUpdatedAt, error, isFetching, refetch } = useQuery(settingsQuery)
  const retry = () => void refetch()
  if (problemCode(error) === 'office365-smtp-disabled') {
    return <DisabledPage onRetry={retry} />
  }
  if (!settings) {
    if (error) return <PageFailure error={error} retrying={isFetching} onRetry={retry} />
    return <PageLoading label="Reading the settings" />
  }
  return (
    <SettingsScreen
      settings={settings}
      readAt={dataUpdatedAt}
      refreshError={problemCode(error) === 'not-signed-in' ? null : error}
      onRefresh={retry}
    />
  )
}

function DisabledPage({ onRetry }: { onRetry: () => void }) {
  return (
    <PageState
      title="Office 365 SMTP"
      actions={
        <Link as="button" onClick={onRetry}>
          Check again
        </Link>
      }
    >
      <span>
        This installation does not use Office 365 SMTP. To use it, the operator sets <code>SMTP=Office365</code> in the
        file <code>inforiver-mail.env</code>, or in the environment of the process, and restarts Inforiver Mail.
      </span>
    </PageState>
  )
}
