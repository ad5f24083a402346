import { Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { createWebhook, removeWebhook, type Webhook, WebhookInput } from '@inforiver-mail/contract/webhook'
import { useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { inputFault, refusedInput } from '../api/input-fault.ts'
import { useRemoval, useSecretCreation } from '../api/list-mutations.ts'
import { webhooksQuery } from '../api/queries.ts'
import { ConfirmDialog, Consequences } from '../ui/confirm-dialog.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { SecretDialog } from '../ui/secret-dialog.tsx'
import { hostOf, waitingText } from './webhook-text.ts'

const useStyles = makeStyles({
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
})

interface AddWebhookDialogProps {
  onClose: () => void
  onAdded: (added: Answer<typeof createWebhook>) => void
}

export function AddWebhookDialog({ onClose, onAdded }: AddWebhookDialogProps) {
  const field = useRef<HTMLInputElement>(null)
  const [url, setUrl] = useState('')
  const [touched, setTouched] = useState(false)
  const creation = useSecretCreation({
    queryKey: webhooksQuery.queryKey,
    create: () => call(createWebhook, { body: { url } }),
    onCreated: onAdded,
    onError: () => field.current?.focus(),
  })
  const fault = inputFault(WebhookInput, { url })
  const refusal = refusedInput(creation.error, 'url')
  const shown = touched ? (fault ?? refusal) : refusal

  function submit(): void {
    setTouched(true)
    if (fault) field.current?.focus()
    else creation.mutate()
  }

  return (
    <FormDialog
      title="Add a webhook"
      submit="Add webhook"
      pending={creation.isPending}
      error={refusal ? null : creation.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label="Address of the receiver"
        hint="Every alert is sent there as a signed POST request."
        validationState={shown ? 'error' : 'none'}
        validationMessage={shown}
      >
        <Input
          input={{ ref: field }}
          type="url"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="https://hooks.contoso.com/inforiver-mail"
          value={url}
          onChange={(_event, { value }) => {
            setUrl(value)
            creation.reset()
          }}
          onBlur={() => setTouched(url !== '')}
        />
      </Field>
    </FormDialog>
  )
}

interface NewWebhookDialogProps {
  added: Answer<typeof createWebhook>
  onClose: () => void
}

export function NewWebhookDialog({ added: { url, secret }, onClose }: NewWebhookDialogProps) {
  const styles = useStyles()
  return (
    <SecretDialog
      title={`The secret for ${hostOf(url)}`}
      noun="secret"
      label="Signing secret"
      secret={secret}
      advice="Copy it to where the receiver keeps its secrets. Inforiver Mail does not show it again."
      onClose={onClose}
    >
      <p className={styles.text}>
        With it the receiver checks that a request came from here, by any library for Standard Webhooks. Then choose
        Test to see whether everything fits.
      </p>
    </SecretDialog>
  )
}

interface RemoveWebhookDialogProps {
  webhook: Webhook
  onClose: () => void
  onRemoved: () => void
}

export function RemoveWebhookDialog({ webhook, onClose, onRemoved }: RemoveWebhookDialogProps) {
  const { id, url } = webhook
  const waiting = waitingText(webhook)
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
