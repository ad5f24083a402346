import { Field, Input } from '@fluentui/react-components'
import { createWebhook } from '@inforiver-mail/contract/webhook'
import { useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { inputFault } from '../api/failure.ts'
import { useSecretCreation } from '../api/secret-creation.ts'
import { FormDialog } from '../shell/form-dialog.tsx'
import { urlFault } from './webhook-words.ts'
import { webhooksQuery } from './webhooks-query.ts'

interface Props {
  onClose: () => void
  onAdded: (added: Answer<typeof createWebhook>) => void
}

export function AddWebhookDialog({ onClose, onAdded }: Props) {
  const field = useRef<HTMLInputElement>(null)
  const [url, setUrl] = useState('')
  const [judged, setJudged] = useState(false)
  const creation = useSecretCreation({
    queryKey: webhooksQuery.queryKey,
    create: () => call(createWebhook, { body: { url } }),
    onCreated: onAdded,
    onError: () => field.current?.focus(),
  })
  const fault = urlFault(url)
  const refusal = inputFault(creation.error, 'url')
  const shown = judged ? (fault ?? refusal) : refusal

  function submit(): void {
    setJudged(true)
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
          onBlur={() => setJudged(url !== '')}
        />
      </Field>
    </FormDialog>
  )
}
