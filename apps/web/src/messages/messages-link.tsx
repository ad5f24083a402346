import { Link as FluentLink } from '@fluentui/react-components'
import { Link } from 'wouter'
import { PAGES } from '../routes.ts'

/** What a single message belongs to, in the path of its page. */
export function MessagesLink() {
  return (
    <Link href={PAGES.messages} asChild>
      <FluentLink inline>Messages</FluentLink>
    </Link>
  )
}
