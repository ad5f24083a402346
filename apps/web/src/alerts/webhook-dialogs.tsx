import { Field, Input } from '@fluentui/react-components'
import { MessageEventType } from '@inforiver-mail/contract/message-event'
import { AlertType } from '@inforiver-mail/contract/notice'
import {
  createWebhook,
  MAX_REPLAYED_EVENTS,
  replayWebhook,
  type Webhook,
  WebhookInput,
  type WebhookSubject,
} from '@inforiver-mail/contract/webhook'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { inputFault, refusedInput } from '../api/failure.ts'
import { useSecretCreation } from '../api/mutations.ts'
import { webhooksQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { AS_TYPED, CheckboxesField, useChosenTime } from '../ui/fields.tsx'
import { FormDialog } from '../ui/dialogs.tsx'
import { hostOf, sendsEvents, servicesIn, typesToAskFor } from './webhook-text.ts'

interface AddWebhookDialogProps {
  onClose: () => void
  onAdded: (added: Answer<typeof createWebhook>) => void
}

export function AddWebhookDialog({ onClose, onAdded }: AddWebhookDialogProps) {
  const t = useTranslate()
  const [url, setUrl] = useState('')
  const [types, setTypes] = useState<readonly WebhookSubject[]>(AlertType.options)
  const [services, setServices] = useState('')
  const [touched, setTouched] = useState(false)
  const asked = typesToAskFor(types)
  const chosenServices = servicesIn(services)
  const input = { url, ...(asked && { types: asked }), ...(chosenServices && { services: chosenServices }) }
  const creation = useSecretCreation({
    queryKey: webhooksQuery.queryKey,
    create: () => call(createWebhook, { body: input }),
    onCreated: onAdded,
  })
  const fault = inputFault(WebhookInput.pick({ url: true }), { url }, t)
  const typesFault = inputFault(WebhookInput.shape.types, [...types], t)
  const refusal = refusedInput(creation.error, 'url', t)
  const shown = touched ? (fault ?? refusal) : refusal
  const nameOf = (type: WebhookSubject) => t(`alerts.type.${type}`)

  function submit(): void {
    setTouched(true)
    if (!fault && !typesFault) creation.create()
  }

  return (
    <FormDialog
      title={t('alerts.dialog.title')}
      submit={t('alerts.add')}
      pending={creation.isPending}
      error={refusal ? null : creation.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={t('alerts.dialog.address')} hint={t('alerts.dialog.address-hint')} validationMessage={shown}>
        <Input
          type="url"
          {...AS_TYPED}
          placeholder="https://hooks.contoso.com/inforiver-mail"
          value={url}
          onChange={(_event, { value }) => {
            setUrl(value)
            creation.forgetRefusal()
          }}
          onBlur={() => setTouched(url !== '')}
        />
      </Field>
      <CheckboxesField<WebhookSubject>
        label={t('alerts.dialog.alerts')}
        fault={typesFault}
        options={AlertType.options}
        nameOf={nameOf}
        chosen={types}
        onChosen={setTypes}
      />
      <CheckboxesField<WebhookSubject>
        label={t('alerts.dialog.events')}
        hint={t('alerts.dialog.events-hint')}
        fault={null}
        options={MessageEventType.options}
        nameOf={nameOf}
        chosen={types}
        onChosen={setTypes}
      />
      {sendsEvents({ types }) && (
        <Field label={t('alerts.dialog.services')} hint={t('alerts.dialog.services-hint')}>
          <Input
            {...AS_TYPED}
            placeholder="report-scheduler"
            value={services}
            onChange={(_event, { value }) => setServices(value)}
          />
        </Field>
      )}
    </FormDialog>
  )
}

interface ReplayWebhookDialogProps {
  webhook: Webhook
  onClose: () => void
  onReplayed: (count: number) => void
}

export function ReplayWebhookDialog({ webhook: { id, url }, onClose, onReplayed }: ReplayWebhookDialogProps) {
  const t = useTranslate()
  const [since, setSince] = useState('')
  const [touched, setTouched] = useState(false)
  const time = new Date(since)
  const chosen = useChosenTime(time, 'long')
  const fault = Number.isNaN(time.getTime()) ? t('alerts.replaying.time-needed') : null
  const replay = useMutation({
    mutationFn: () => call(replayWebhook, { params: { id }, body: { since: time.toISOString() } }),
    onSuccess: ({ count }) => onReplayed(count),
  })

  function submit(): void {
    setTouched(true)
    if (!fault) replay.mutate()
  }

  return (
    <FormDialog
      title={t('alerts.replaying.title', { host: hostOf(url) })}
      submit={t('alerts.replaying.submit')}
      pending={replay.isPending}
      error={replay.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={t('alerts.replaying.since')}
        hint={
          <>
            {t('alerts.replaying.since-hint', { max: MAX_REPLAYED_EVENTS })} {chosen}
          </>
        }
        validationMessage={touched ? fault : null}
      >
        <Input type="datetime-local" value={since} onChange={(_event, { value }) => setSince(value)} />
      </Field>
    </FormDialog>
  )
}
