import { Button, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss'
import { useTranslate } from '../language/language.tsx'

interface Props {
  onRetry: () => void
  retrying: boolean
  onDismiss?: () => void
}

/** Stands in for a part of a page whose scripts could not be loaded: the server is away, or it has a newer build. */
export function PartNotLoaded({ onRetry, retrying, onDismiss }: Props) {
  const t = useTranslate()
  const dismiss = onDismiss && (
    <Button appearance="transparent" icon={<DismissRegular />} aria-label={t('ui.dismiss')} onClick={onDismiss} />
  )
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody role="alert">{t('ui.not-loaded.text')}</MessageBarBody>
      <MessageBarActions {...(dismiss && { containerAction: dismiss })}>
        <Button disabledFocusable={retrying} onClick={onRetry}>
          {t('ui.retry')}
        </Button>
      </MessageBarActions>
    </MessageBar>
  )
}
