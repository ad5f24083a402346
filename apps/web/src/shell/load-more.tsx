import { Button, Spinner } from '@fluentui/react-components'

interface Props {
  hasMore: boolean
  loading: boolean
  /** Nothing is left, rather than more than is shown at once. */
  complete: boolean
  onMore: () => void
}

/** Below a list that comes page by page. It stays at the end of the list, or the focus would be lost with it. */
export function LoadMore({ hasMore, loading, complete, onMore }: Props) {
  return (
    <div>
      <Button
        icon={loading ? <Spinner size="tiny" aria-hidden /> : null}
        disabledFocusable={!hasMore || loading}
        onClick={onMore}
      >
        {words(hasMore, complete)}
      </Button>
    </div>
  )
}

function words(hasMore: boolean, complete: boolean): string {
  if (hasMore) return 'Load more'
  return complete ? 'All are shown' : 'No more are shown at once'
}
