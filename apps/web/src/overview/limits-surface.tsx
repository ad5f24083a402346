import { Button, makeStyles, MessageBar, MessageBarBody, tokens } from '@fluentui/react-components'
import type { Overview } from '@inforiver-mail/contract/overview'
import { useRef, useState } from 'react'
import { laterPage } from '../language/later-page.tsx'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import { FactList } from '../ui/fact-list.tsx'
import { PartNotLoaded } from '../ui/part-not-loaded.tsx'
import { Surface } from '../ui/surface.tsx'
import { warningsOf } from './overview-text.ts'

const SendingLimitsDialog = laterPage(
  'sending-limits',
  async () => (await import('./sending-limits-dialog.tsx')).SendingLimitsDialog,
  { NotLoaded: ({ onClose, ...retry }) => <PartNotLoaded {...retry} onDismiss={onClose} /> },
)

const MEGABYTE = 1_048_576
const useStyles = makeStyles({
  actions: { display: 'flex', gap: tokens.spacingHorizontalM },
})

type Limits = Overview['limits']

/** What is left of the limits of the mailbox, and external recipients beside the limit that probably applies. */
export function LimitsSurface({ limits }: { limits: Limits }) {
  const styles = useStyles()
  const t = useTranslate()
  const [editing, setEditing] = useState(false)
  const actions = useRef<HTMLDivElement>(null)
  const close = () => {
    setEditing(false)
    actions.current?.querySelector('button')?.focus()
  }
  const { used, likelyLimit } = limits.externalRecipientsPerDay
  return (
    <Surface title={t('overview.limits.title')}>
      {warningsOf(limits, t).map((warning) => (
        <MessageBar key={warning} intent="warning" layout="multiline">
          <MessageBarBody>{warning}</MessageBarBody>
        </MessageBar>
      ))}
      <FactList
        facts={[
          { name: t('overview.limits.per-minute'), value: leftOf(limits.messagesPerMinute, t) },
          { name: t('overview.limits.per-day'), value: leftOf(limits.recipientsPerDay, t) },
          { name: t('overview.limits.uploads'), value: leftOf(limits.uploadBytesPer5Minutes, t, MEGABYTE) },
          {
            name: t('overview.limits.external'),
            value:
              likelyLimit === null
                ? t('overview.limits.used-alone', { used: t.number(used) })
                : t('overview.limits.used', { used, limit: likelyLimit }),
          },
          { name: t('overview.limits.storage'), value: leftOf(roomOf(limits.storage), t, MEGABYTE) },
        ]}
      />
      <div ref={actions} className={styles.actions}>
        <Button onClick={() => setEditing(true)} aria-haspopup="dialog">
          {t('overview.limits.edit')}
        </Button>
      </div>
      {editing && <SendingLimitsDialog onClose={close} />}
    </Surface>
  )
}

function roomOf({ usedBytes, limitBytes }: Limits['storage']): { limit: number; left: number } {
  return { limit: limitBytes, left: Math.max(0, limitBytes - usedBytes) }
}

function leftOf(allowance: { limit: number; left: number } | null, t: Translate, unit = 1): string {
  if (allowance === null) return t('overview.limits.off')
  const [left, limit] = [Math.floor(allowance.left / unit), Math.floor(allowance.limit / unit)]
  return t(unit === 1 ? 'overview.limits.left' : 'overview.limits.left-megabytes', { left, limit })
}
