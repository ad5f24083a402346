import {
  Button,
  Field,
  Input,
  Link,
  makeStyles,
  Spinner,
  Switch,
  tokens,
  typographyStyles,
} from '@fluentui/react-components'
import { LockClosedRegular } from '@fluentui/react-icons/svg/lock-closed'
import { sameAddress, trimAddress } from '@inforiver-mail/contract/email-address'
import { type Office365SmtpSettings, reset } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, type Ref, useId, useState } from 'react'
import { call } from '../api/call.ts'
import { settingsQuery } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { useSession } from '../session/session.tsx'
import { ConfirmDialog, Consequences } from '../ui/dialogs.tsx'
import { FailureBar, LiveRegion } from '../ui/notice.tsx'
import { ButtonRow, Paragraph, Surface } from '../ui/layout.tsx'
import { meanwhileText, resetWaitingText } from './connection-text.ts'
import type { ConsentFlow } from './consent-flow.ts'
import {
  addressFault,
  isAddress,
  isSharedSender,
  permissionsAsked,
  planSender,
  planText,
  type SenderDraft,
  senderValues,
  type SenderValues,
  withEntry,
} from './sender-draft.ts'
import { approvalPath, type Permission } from '@inforiver-mail/contract/permission'
import { CopyButton } from '../ui/values.tsx'
import { PermissionList } from './connection-card.tsx'
import { AS_TYPED } from '../ui/fields.tsx'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  // Aligns it with the fields above.
  switch: { marginInlineStart: `calc(-1 * ${tokens.spacingHorizontalS})` },
  lock: { verticalAlign: 'text-bottom', fontSize: tokens.fontSizeBase300 },
  reason: { flex: '1 1 240px', color: tokens.colorNeutralForeground2 },
  preview: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusLarge,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground3,
  },
  title: { ...typographyStyles.body1Strong, margin: 0 },
  steps: {
    margin: 0,
    paddingInlineStart: tokens.spacingHorizontalXL,
    display: 'grid',
    gap: tokens.spacingVerticalS,
  },
  copy: { marginTop: tokens.spacingVerticalS },
})

interface Props {
  ref: Ref<HTMLInputElement>
  settings: Office365SmtpSettings
  draft: SenderDraft
  onDraft: (draft: SenderDraft) => void
  flow: ConsentFlow
  onReset: (requestsOnTheWire: number) => void
}

/** Renders the form for the sender and its options, with Enable, Save and Reset. */
export function SenderForm({ ref, settings, draft, onDraft, flow, onReset }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const reasonId = useId()
  const [touched, setTouched] = useState(false)
  const [resetting, setResetting] = useState(false)
  const { graphAuth } = useAppEnvironment()
  const { user } = useSession()
  const configured = settings.status !== 'not-configured'
  const button = configured ? 'save' : 'enable'
  const values = senderValues(settings, draft)
  const fault = addressFault(values.fromEmail, t)
  const showFault = fault !== null && (touched || values.fromEmail !== '')
  const plan = planSender(settings, draft, t)
  const isShared = isSharedSender(settings, values.fromEmail, user.email) || flow.needsShared(values.fromEmail)

  function submit(event: { preventDefault: () => void }): void {
    event.preventDefault()
    setTouched(true)
    if (plan.kind === 'start') flow.begin(plan.start)
  }

  return (
    <Surface title={t('settings.sender')} level={3}>
      <form noValidate className={styles.form} onSubmit={submit}>
        <Field
          label={t('settings.sender.address')}
          hint={t(`settings.sender.hint.${graphAuth}`)}
          validationMessage={showFault ? fault : null}
        >
          <Input
            input={{ ref }}
            // Not type="email", because browsers rewrite the value of such a field.
            inputMode="email"
            {...AS_TYPED}
            placeholder={t('settings.sender.placeholder')}
            value={values.fromEmail}
            onChange={(_event, { value }) => onDraft(withEntry(settings, draft, { fromEmail: trimAddress(value) }))}
            onBlur={() => setTouched(true)}
          />
        </Field>
        <Field hint={<Locked>{t('settings.sender.single.locked')}</Locked>}>
          <Switch
            className={styles.switch}
            label={t('settings.sender.single')}
            checked={settings.singleSenderIdentity.enabled}
            disabledFocusable={settings.singleSenderIdentity.locked}
          />
        </Field>
        <Field hint={<LargeAttachmentsHint locked={settings.largeAttachments.locked} />}>
          <Switch
            className={styles.switch}
            label={t('settings.sender.large')}
            checked={values.largeAttachments}
            disabledFocusable={settings.largeAttachments.locked}
            onChange={(_event, { checked }) => onDraft(withEntry(settings, draft, { largeAttachments: checked }))}
          />
        </Field>
        {(!configured || plan.kind === 'start') && (
          <ConsentPreview
            button={button}
            settings={settings}
            permissions={permissionsAsked({ isShared, largeAttachments: values.largeAttachments }, settings, graphAuth)}
            values={values}
            isShared={isShared}
          />
        )}
        <LiveRegion urgent>
          {flow.failure && flow.failure.start.purpose !== 'delivery-reports' && (
            <FailureBar error={flow.failure.error} onRetry={flow.failure.retry} onDismiss={flow.failure.dismiss} />
          )}
        </LiveRegion>
        <ButtonRow>
          <Button
            type="submit"
            appearance="primary"
            icon={flow.starting ? <Spinner size="tiny" aria-hidden /> : null}
            disabledFocusable={plan.kind === 'blocked' || flow.starting}
            aria-describedby={reasonId}
          >
            {t(configured ? 'ui.save' : 'settings.enable')}
          </Button>
          {configured && <Button onClick={() => setResetting(true)}>{t('settings.reset')}</Button>}
          <span id={reasonId} className={styles.reason}>
            {planText(plan, settings, t)}
          </span>
        </ButtonRow>
      </form>
      {resetting && (
        <ResetDialog
          waitingMessages={settings.waitingMessages}
          onClose={() => setResetting(false)}
          onReset={(requestsOnTheWire) => {
            setResetting(false)
            setTouched(false)
            onReset(requestsOnTheWire)
          }}
        />
      )}
    </Surface>
  )
}

function LargeAttachmentsHint({ locked }: { locked: boolean }) {
  const t = useTranslate()
  const { graphAuth } = useAppEnvironment()
  return (
    <>
      {locked && <Locked>{t('settings.sender.large.locked')}</Locked>} {t(`settings.sender.large.${graphAuth}`)}
    </>
  )
}

function Locked({ children }: { children: ReactNode }) {
  const styles = useStyles()
  return (
    <>
      <LockClosedRegular aria-hidden className={styles.lock} /> {children}
    </>
  )
}

interface ResetDialogProps {
  waitingMessages: number
  onClose: () => void
  /** Called after the reset, with the number of requests that were on the wire at that time. */
  onReset: (requestsOnTheWire: number) => void
}

function ResetDialog({ waitingMessages, onClose, onReset }: ResetDialogProps) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const disconnect = useMutation({
    mutationFn: () => call(reset, { body: {} }),
    onSuccess: async ({ requestsOnTheWire, ...settings }) => {
      // A read that started before the reset must not restore the old settings.
      await queryClient.cancelQueries(settingsQuery)
      queryClient.setQueryData(settingsQuery.queryKey, settings)
      void queryClient.invalidateQueries({ queryKey: ['consents'] })
      onReset(requestsOnTheWire)
    },
  })
  return (
    <ConfirmDialog
      title={t('settings.reset.title')}
      confirm={t('settings.reset')}
      danger
      action={disconnect}
      onConfirm={() => disconnect.mutate()}
      onClose={onClose}
    >
      <Consequences>
        <li>{t('settings.reset.deletes')}</li>
        <li>{resetWaitingText(waitingMessages, t)}</li>
        <li>{t('settings.reset.consents')}</li>
        <li>{t('settings.reset.on-the-wire')}</li>
        <li>{t('settings.reset.entra')}</li>
      </Consequences>
    </ConfirmDialog>
  )
}

interface ConsentPreviewProps {
  button: 'enable' | 'save'
  settings: Office365SmtpSettings
  permissions: readonly Permission[]
  values: SenderValues
  /** The sender counts as a shared mailbox or group. */
  isShared: boolean
}

/** Says, before the button is pressed, what it asks Microsoft for and what happens next. */
function ConsentPreview(props: ConsentPreviewProps) {
  const { button, settings, permissions, values, isShared } = props
  const styles = useStyles()
  const t = useTranslate()
  const { graphAuth } = useAppEnvironment()
  const { user } = useSession()
  const changesSender = settings.fromEmail !== null && !sameAddress(settings.fromEmail, values.fromEmail)
  const meanwhile = meanwhileText(settings, changesSender, t)
  const isValid = isAddress(values.fromEmail)
  const isApplication = graphAuth === 'application'
  const addresses = { admin: user.email, sender: values.fromEmail }
  return (
    <div className={styles.preview}>
      <h4 className={styles.title}>{t('settings.preview.asks', { button })}</h4>
      <PermissionList permissions={permissions} graphAuth={graphAuth} />
      <Paragraph muted>{t(`settings.preview.also.${graphAuth}`)}</Paragraph>
      <h4 className={styles.title}>{t('settings.preview.next')}</h4>
      <ul className={styles.steps}>
        <li>{t('settings.preview.popup', { button })}</li>
        <li>
          {isApplication
            ? t('settings.preview.entra-account', { admin: user.email })
            : t(isShared ? 'settings.preview.account-shared' : 'settings.preview.account', addresses)}
        </li>
        {isApplication && <li>{t(isValid ? 'settings.preview.proof-from' : 'settings.preview.proof', addresses)}</li>}
        {meanwhile && <li>{meanwhile}</li>}
        <li>{isApplication ? t('settings.preview.every-mailbox') : <AdminConsentLink permissions={permissions} />}</li>
      </ul>
    </div>
  )
}

/** The address at which an Entra administrator, who need not be this admin, approves the permissions. */
function AdminConsentLink({ permissions }: { permissions: readonly Permission[] }) {
  const styles = useStyles()
  const t = useTranslate()
  const url = `${location.origin}${approvalPath(permissions)}` // absolute, because it may be opened in another browser
  return (
    <>
      {t.rich('settings.preview.approval', {
        url,
        link: (content) => (
          <Link inline href={url} target="_blank" rel="noreferrer">
            {content}
          </Link>
        ),
      })}
      <div className={styles.copy}>
        <CopyButton label={t('settings.preview.copy')} text={url} fallback={t('settings.preview.copy-fallback')} />
      </div>
    </>
  )
}
