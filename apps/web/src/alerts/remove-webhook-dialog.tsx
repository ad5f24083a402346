import { removeWebhook, type Webhook } from '@inforiver-mail/contract/webhook'
import { call } from '../api/call.ts'
import { useRemoval } from '../api/removal.ts'
import { ConfirmDialog, Consequences } from '../shell/confirm-dialog.tsx'
import { hostOf, waitingWords } from './webhook-words.ts'
import { webhooksQuery } from './webhooks-query.ts'

interface Props {
  webhook: Webhook
  onClose: () => void
  onRemoved: () => void
}

export function RemoveWebhookDialog({ webhook, onClose, onRemoved }: Props) {
  const { id, url } = webhook
  const waiting = waitingWords(webhook)
  const removal = useRemoval({
    queryKey: webhooksQuery.queryKey,
    remove: () => call(removeWebhook, { params: { id } }),
    onRemoved,
  })
  return (
    <ConfirmDialog
      title={`Remove the webhook to ${hostOf(url)}?`}
      confirm="Remove"
      danger
      pending={removal.isPending}
      error={removal.error}
      onConfirm={() => removal.mutate(id)}
      onClose={onClose}
    >
      <Consequences>
        <li>Nothing more is sent to {url}. Its secret is deleted.</li>
        {waiting && <li>{waiting}: that is not sent any more.</li>}
        <li>The same alerts are still shown in these pages.</li>
      </Consequences>
    </ConfirmDialog>
  )
}
