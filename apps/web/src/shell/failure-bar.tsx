import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components'
import { failureText } from '../api/problem-text.ts'
import { RequestId } from './request-id.tsx'

interface Props {
  error: Error
  /** What Retry does; left out where trying again is another button's work. */
  onRetry?: () => void
  retrying?: boolean
}

/** A failed call in words, with its request id. */
export function FailureBar({ error, onRetry, retrying = false }: Props) {
  const { title, detail, requestId, canRetry } = failureText(error)
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {detail} <RequestId value={requestId} label="Request id" />
      </MessageBarBody>
      {canRetry && onRetry && (
        <MessageBarActions>
          <Button disabledFocusable={retrying} onClick={onRetry}>
            {retrying ? 'Trying…' : 'Retry'}
          </Button>
        </MessageBarActions>
      )}
    </MessageBar>
  )
}
