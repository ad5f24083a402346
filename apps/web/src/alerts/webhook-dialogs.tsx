import { Checkbox, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { AlertType } from '@inforiver-mail/contract/notice'
import {
  createWebhook,
  MAX_REPLAYED_EVENTS,
  removeWebhook,
  replayWebhook,
  type Webhook,
  WebhookInput,
  type WebhookSubject,
} from '@inforiver-mail/contract/webhook'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { inputFault, refusedInput } from '../api/failure.ts'
import { useSecretCreation } from '../api/mutations.ts'
import { webhooksQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { AS_TYPED, useChosenTime } from '../ui/fields.tsx'
import { FormDialog, RemovalDialog, SecretDialog } from '../ui/dialogs.tsx'
import { Paragraph } from '../ui/layout.tsx'
import { hostOf, OFFERED_EVENTS, servicesIn, typesToAskFor } from './webhook-text.ts'

const useStyles = makeStyles({
  group: { margin: 0, padding: 0, minWidth: 0, border: 'none', display: 'flex', flexDirection: 'column' },
  // Aligns it with the field above.
  checkbox: { marginInlineStart: `calc(-1 * ${tokens.spacingHorizontalS})` },
})

interface AddWebhookDialogProps {
  onClose: () => void
  onAdded: (added: Answer<typeof createWebhook>) => void
}

export function AddWebhookDialog({ onClose, onAdded }: AddWebhookDialogProps) {
  const t = useTranslate()
  const field = useRef<HTMLInputElement>(null)
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
    onError: () => field.current?.focus(),
  })
  const fault = inputFault(WebhookInput.pick({ url: true }), { url }, t)
  const typesFault = inputFault(WebhookInput.shape.types, [...types], t)
  const refusal = refusedInput(creation.error, 'url', t)
  const shown = touched ? (fault ?? refusal) : refusal

  function submit(): void {
    setTouched(true)
    if (fault) field.current?.focus()
    else if (!typesFault) creation.create()
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
          input={{ ref: field }}
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
      <TypesField
        label={t('alerts.dialog.alerts')}
        offered={AlertType.options}
        types={types}
        fault={typesFault}
        onChange={setTypes}
      />
      <TypesField
        label={t('alerts.dialog.events')}
        hint={t('alerts.dialog.events-hint')}
        offered={OFFERED_EVENTS}
        types={types}
        fault={null}
        onChange={setTypes}
      />
      {OFFERED_EVENTS.some((type) => types.includes(type)) && (
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

interface TypesFieldProps {
  label: string
  hint?: string
  offered: readonly WebhookSubject[]
  types: readonly WebhookSubject[]
  fault: string | null
  onChange: (types: readonly WebhookSubject[]) => void
}

function TypesField({ label, hint, offered, types, fault, onChange }: TypesFieldProps) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <Field label={label} {...(hint !== undefined && { hint })} validationMessage={fault}>
      {(group) => (
        <fieldset
          className={styles.group}
          aria-labelledby={group['aria-labelledby']}
          aria-describedby={group['aria-describedby']}
        >
          {offered.map((type) => (
            <Field key={type}>
              <Checkbox
                className={styles.checkbox}
                label={t(`alerts.type.${type}`)}
                checked={types.includes(type)}
                onChange={(_event, { checked }) =>
                  onChange(checked ? [...types, type] : types.filter((other) => other !== type))
                }
              />
            </Field>
          ))}
        </fieldset>
      )}
    </Field>
  )
}

interface ReplayWebhookDialogProps {
  webhook: Webhook
  onClose: () => void
  onReplayed: (count: number) => void
}

export function ReplayWebhookDialog({ webhook: { id, url }, onClose, onReplayed }: ReplayWebhookDialogProps) {
  const t = useTranslate()
  const field = useRef<HTMLInputElement>(null)
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
    if (fault) field.current?.focus()
    else replay.mutate()
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
        validationState={touched && fault ? 'error' : 'none'}
        validationMessage={touched ? fault : null}
      >
        <Input
          input={{ ref: field }}
          type="datetime-local"
          value={since}
          onChange={(_event, { value }) => setSince(value)}
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
  const t = useTranslate()
  return (
    <SecretDialog
      title={t('alerts.new.title', { host: hostOf(url) })}
      kind="secret"
      label={t('alerts.new.label')}
      secret={secret}
      advice={t('alerts.new.advice')}
      onClose={onClose}
    >
      <Paragraph muted>{t('alerts.new.text')}</Paragraph>
    </SecretDialog>
  )
}

interface RemoveWebhookDialogProps {
  webhook: Webhook
  onClose: () => void
  onRemoved: () => void
}

export function RemoveWebhookDialog({ webhook, onClose, onRemoved }: RemoveWebhookDialogProps) {
  const t = useTranslate()
  const { id, url, waiting } = webhook
  return (
    <RemovalDialog
      title={t('alerts.removing.title', { host: hostOf(url) })}
      confirm={t('alerts.remove')}
      query={webhooksQuery}
      id={id}
      remove={() => call(removeWebhook, { params: { id } })}
      onRemoved={onRemoved}
      onClose={onClose}
    >
      <li>{t('alerts.removing.address', { url })}</li>
      {waiting > 0 && <li>{t('alerts.removing.waiting', { count: waiting })}</li>}
      <li>{t('alerts.removing.pages')}</li>
    </RemovalDialog>
  )
}
