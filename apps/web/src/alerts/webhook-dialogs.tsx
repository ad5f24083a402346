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
import { inputFault, refusedInput } from '../api/input-fault.ts'
import { useRemoval, useSecretCreation } from '../api/list-mutations.ts'
import { webhooksQuery } from '../api/queries.ts'
import { ConfirmDialog, Consequences } from '../ui/confirm-dialog.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { SecretDialog } from '../ui/secret-dialog.tsx'
import { hostOf, OFFERED_EVENTS, servicesIn, TYPE_LABELS, typesToAskFor, waitingText } from './webhook-text.ts'

const useStyles = makeStyles({
  group: { margin: 0, padding: 0, minWidth: 0, border: 'none', display: 'flex', flexDirection: 'column' },
  // Aligns it with the field above.
  checkbox: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalS})` },
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
})

interface AddWebhookDialogProps {
  onClose: () => void
  onAdded: (added: Answer<typeof createWebhook>) => void
}

export function AddWebhookDialog({ onClose, onAdded }: AddWebhookDialogProps) {
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
  const fault = inputFault(WebhookInput.pick({ url: true }), { url })
  const typesFault = inputFault(WebhookInput.shape.types, [...types])
  const refusal = refusedInput(creation.error, 'url')
  const shown = touched ? (fault ?? refusal) : refusal

  function submit(): void {
    setTouched(true)
    if (fault) field.current?.focus()
    else if (!typesFault) creation.mutate()
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
        hint="What you choose below is sent there as signed POST requests."
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
      <TypesField label="Alerts" offered={AlertType.options} types={types} fault={typesFault} onChange={setTypes} />
      <TypesField
        label="Events of messages"
        hint="One request for each message. An event may name recipients."
        offered={OFFERED_EVENTS}
        types={types}
        fault={null}
        onChange={setTypes}
      />
      {OFFERED_EVENTS.some((type) => types.includes(type)) && (
        <Field label="Services" hint="Names separated by commas. Left empty, events of every service are sent.">
          <Input
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
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
  return (
    <Field
      label={label}
      {...(hint !== undefined && { hint })}
      validationState={fault ? 'error' : 'none'}
      validationMessage={fault}
    >
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
                label={TYPE_LABELS[type]}
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
  const field = useRef<HTMLInputElement>(null)
  const [since, setSince] = useState('')
  const [touched, setTouched] = useState(false)
  const time = new Date(since)
  const fault = Number.isNaN(time.getTime()) ? 'A date and a time are needed.' : null
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
      title={`Send events to ${hostOf(url)} again`}
      submit="Send again"
      pending={replay.isPending}
      error={replay.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label="Since"
        hint={`The oldest ${MAX_REPLAYED_EVENTS.toLocaleString('en-US')} events since then are sent, of the types and services of the webhook.`}
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
  const styles = useStyles()
  return (
    <SecretDialog
      title={`The secret for ${hostOf(url)}`}
      kind="secret"
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
