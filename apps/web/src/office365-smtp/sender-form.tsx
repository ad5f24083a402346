import {
  Button,
  Field,
  Input,
  makeStyles,
  Spinner,
  Switch,
  tokens,
  useRestoreFocusTarget,
} from '@fluentui/react-components'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { lazy, type Ref, Suspense, useId, useState } from 'react'
import { FailureBar } from '../shell/failure-bar.tsx'
import type { ConsentFlow } from './consent-flow.ts'
import { ConsentPreview } from './consent-preview.tsx'
import {
  addressFault,
  permissionsAsked,
  planSender,
  type SenderDraft,
  senderValues,
  withoutSettled,
} from './sender-draft.ts'
import { Surface } from './surface.tsx'

const ResetDialog = lazy(() => import('./reset-dialog.tsx').then(({ ResetDialog }) => ({ default: ResetDialog })))

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  actions: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
  reason: { margin: 0, color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
})

interface Props {
  ref: Ref<HTMLInputElement>
  settings: Office365SmtpSettings
  adminEmail: string
  draft: SenderDraft
  onDraft: (draft: SenderDraft) => void
  flow: ConsentFlow
  onReset: () => void
}

/** The sender and its options, with Enable, Save and Reset. */
export function SenderForm({ ref, settings, adminEmail, draft, onDraft, flow, onReset }: Props) {
  const styles = useStyles()
  const reasonId = useId()
  const focusReturn = useRestoreFocusTarget()
  const [touched, setTouched] = useState(false)
  const [resetting, setResetting] = useState(false)
  const configured = settings.status !== 'not-configured'
  const values = senderValues(settings, draft)
  const fault = addressFault(values.fromEmail)
  const showFault = fault !== null && (touched || values.fromEmail !== '')
  const plan = planSender(settings, draft)

  function enter(entered: SenderDraft): void {
    onDraft(withoutSettled(settings, { ...draft, ...entered }))
  }

  function submit(event: { preventDefault: () => void }): void {
    event.preventDefault()
    setTouched(true)
    if (plan.kind === 'start') flow.begin(plan.start)
  }

  return (
    <Surface title="Sender">
      <form noValidate className={styles.form} onSubmit={submit}>
        <Field
          label="From Email Address"
          hint="All mail leaves from this address: your own mailbox, a shared mailbox or a group. It needs a mailbox in Microsoft 365."
          validationState={showFault ? 'error' : 'none'}
          validationMessage={showFault ? fault : null}
        >
          <Input
            input={{ ref }}
            // Not type="email": browsers rewrite what is entered there.
            type="text"
            inputMode="email"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            placeholder="reports@contoso.com"
            value={values.fromEmail}
            onChange={(_event, { value }) => enter({ fromEmail: value })}
            onBlur={() => setTouched(true)}
          />
        </Field>
        <Field hint="Locked: the configured address is the only sender, and a message that asks for another one is refused.">
          <Switch
            label="Enable Single Sender Identity"
            checked={settings.singleSenderIdentity.enabled}
            disabledFocusable={settings.singleSenderIdentity.locked}
          />
        </Field>
        <Field hint={<LargeAttachmentsHint locked={settings.largeAttachments.locked} />}>
          <Switch
            label="Enable large file attachments"
            checked={values.largeAttachments}
            disabledFocusable={settings.largeAttachments.locked}
            onChange={(_event, { checked }) => enter({ largeAttachments: checked })}
          />
        </Field>
        {(!configured || plan.kind === 'start') && (
          <ConsentPreview
            button={configured ? 'Save' : 'Enable'}
            permissions={permissionsAsked(values, adminEmail)}
            values={values}
            adminEmail={adminEmail}
            currentSender={settings.fromEmail}
          />
        )}
        {flow.failure && (
          <div role="alert">
            <FailureBar
              error={flow.failure.error}
              retrying={flow.starting}
              onRetry={() => flow.failure && flow.begin(flow.failure.start)}
            />
          </div>
        )}
        <div className={styles.actions}>
          <Button
            type="submit"
            appearance="primary"
            icon={flow.starting ? <Spinner size="tiny" /> : null}
            disabledFocusable={plan.kind === 'blocked' || flow.starting}
            aria-describedby={reasonId}
          >
            {configured ? 'Save' : 'Enable'}
          </Button>
          {configured && (
            <Button {...focusReturn} onClick={() => setResetting(true)}>
              Reset
            </Button>
          )}
        </div>
        <p id={reasonId} className={styles.reason}>
          {plan.kind === 'blocked' ? plan.because : "Microsoft's page opens in a window of its own."}
        </p>
      </form>
      {resetting && (
        <Suspense fallback={null}>
          <ResetDialog
            waitingMessages={settings.waitingMessages}
            onClose={() => setResetting(false)}
            onReset={() => {
              setResetting(false)
              setTouched(false)
              onReset()
            }}
          />
        </Suspense>
      )}
    </Surface>
  )
}

function LargeAttachmentsHint({ locked }: { locked: boolean }) {
  return (
    <>
      {locked && 'Locked: Microsoft granted Mail.ReadWrite, which stays until Reset. '}
      Files over about 3 MB need the permission Mail.ReadWrite. It covers the whole mailbox of the person who gives
      consent, so a dedicated account is the better choice.
    </>
  )
}
