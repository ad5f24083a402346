import { Button } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { failureText } from '../api/failure-text.ts'
import { problemCode } from '../api/failure.ts'
import { useTranslate } from '../language/language.tsx'
import { Notice } from './notice.tsx'
import { RequestId } from './request-id.tsx'

interface Props {
  error: Error
  /** Left out when another button retries. */
  onRetry?: () => void
  onDismiss?: () => void
  /** What the failure means for this page. */
  children?: ReactNode
}

/** Explains a failed call. It renders nothing when the session has ended, since a dialog says so. */
export function FailureBar({ error, onRetry, onDismiss, children }: Props) {
  const t = useTranslate()
  if (problemCode(error) === 'not-signed-in') return null
  const { title, detail, requestId, canRetry } = failureText(error, t)
  return (
    <Notice
      intent="error"
      title={title}
      actions={canRetry && onRetry && <Button onClick={onRetry}>{t('ui.retry')}</Button>}
      {...(onDismiss && { onDismiss })}
    >
      <span>{detail}</span>
      {children}
      <RequestId value={requestId} label={t('ui.request-id')} />
    </Notice>
  )
}
