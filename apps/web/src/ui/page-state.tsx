import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { failureText } from '../api/failure-text.ts'
import { useTranslate } from '../language/language.tsx'
import { PageHeading } from './page-heading.tsx'
import { RequestId } from './request-id.tsx'

const useStyles = makeStyles({
  state: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalL,
    maxWidth: '640px',
  },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
  text: { margin: 0 },
  loading: { padding: `${tokens.spacingVerticalXXXL} 0` },
})

/** Renders a page with a single message, such as "not found" or a failure. */
export function PageState({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  const styles = useStyles()
  return (
    <div className={styles.state}>
      <PageHeading title={title} />
      {children}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  )
}

export function PageLoading({ label }: { label: string }) {
  const styles = useStyles()
  return (
    <div className={styles.loading}>
      <Spinner label={label} labelPosition="below" />
    </div>
  )
}

/** Replaces a page whose first call failed. */
export function PageFailure({ error, onRetry, retrying }: { error: Error; onRetry: () => void; retrying: boolean }) {
  const styles = useStyles()
  const t = useTranslate()
  const { title, detail, requestId } = failureText(error, t)
  return (
    <PageState
      title={title}
      actions={
        <Button appearance="primary" disabledFocusable={retrying} onClick={onRetry}>
          {t(retrying ? 'ui.retrying' : 'ui.retry')}
        </Button>
      }
    >
      <p role="alert" className={styles.text}>
        {detail} <RequestId label={t('ui.request-id')} value={requestId} />
      </p>
    </PageState>
  )
}

/** Replaces a page whose scripts could not be loaded: the server is away, or it has a newer build. */
export function PageNotLoaded({ onRetry, retrying }: { onRetry: () => void; retrying: boolean }) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <PageState
      title={t('ui.not-loaded.title')}
      actions={
        <>
          <Button appearance="primary" disabledFocusable={retrying} onClick={onRetry}>
            {t('ui.retry')}
          </Button>
          <Button onClick={() => location.reload()}>{t('ui.reload')}</Button>
        </>
      }
    >
      <p role="alert" className={styles.text}>
        {t('ui.not-loaded.text')}
      </p>
    </PageState>
  )
}
