import { Link as FluentLink } from '@fluentui/react-components'
import { MessageId } from '@inforiver-mail/contract/message'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { messageQuery } from '../api/queries.ts'
import { PAGES } from '../routes.ts'
import { NotFoundPage } from '../shell/not-found-page.tsx'
import { PageFailure, PageLoading, PageState } from '../shell/page-state.tsx'
import { MessageScreen } from './message-screen.tsx'

/** One message and what became of it. */
export function MessagePage({ id }: { id: string }) {
  return MessageId.safeParse(id).success ? <KnownMessagePage id={id} /> : <NotFoundPage />
}

function KnownMessagePage({ id }: { id: string }) {
  const { data: message, error, isFetching, refetch } = useQuery(messageQuery(id))
  const retry = () => void refetch()
  if (problemCode(error) === 'not-found') return <MessageGonePage />
  if (!message) {
    if (error) return <PageFailure error={error} retrying={isFetching} onRetry={retry} />
    return <PageLoading label="Reading the message" />
  }
  return (
    <MessageScreen
      message={message}
      refreshError={problemCode(error) === 'not-signed-in' ? null : error}
      onRefresh={retry}
    />
  )
}

function MessageGonePage() {
  return (
    <PageState
      title="Message not found"
      actions={
        <Link href={PAGES.messages} asChild>
          <FluentLink>Go to the messages</FluentLink>
        </Link>
      }
    >
      <span>There is no message under this address. Messages are deleted some time after they came to an end.</span>
    </PageState>
  )
}
