import { Link as FluentLink } from '@fluentui/react-components'
import { MessageId } from '@inforiver-mail/contract/message'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { problemCode } from '../api/failure.ts'
import { messageQuery } from '../api/queries.ts'
import { PAGES } from '../routes.ts'
import { PageState } from '../shell/page-state.tsx'
import { QueryPage } from '../shell/query-page.tsx'
import { MessagesLink } from './messages-link.tsx'
import { MessageScreen } from './message-screen.tsx'

/** One message and what became of it. */
export function MessagePage({ id }: { id: string }) {
  return MessageId.safeParse(id).success ? <KnownMessagePage id={id} /> : <MessageGonePage />
}

function KnownMessagePage({ id }: { id: string }) {
  const query = useQuery(messageQuery(id))
  if (problemCode(query.error) === 'not-found') return <MessageGonePage />
  return (
    <QueryPage above={<MessagesLink />} title="Message" query={query} loading="Reading the message">
      {(message, freshness) => <MessageScreen message={message} {...freshness} />}
    </QueryPage>
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
