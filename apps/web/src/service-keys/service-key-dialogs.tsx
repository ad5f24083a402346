import { Field, Input, makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { Scope } from '@inforiver-mail/contract/caller'
import { createServiceKey } from '@inforiver-mail/contract/service-key'
import { useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { useSecretCreation } from '../api/mutations.ts'
import { refusedInput } from '../api/failure.ts'
import { serviceKeysQuery } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { useSession } from '../session/session.tsx'
import { AS_TYPED, CheckboxesField, LinesField, useChosenTime } from '../ui/fields.tsx'
import { FormDialog, SecretDialog } from '../ui/dialogs.tsx'
import { Paragraph } from '../ui/layout.tsx'
import { CopyButton } from '../ui/values.tsx'
import { curlExample, inputFaults, type KeyDraft, toInput } from './service-key-text.ts'

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  title: { ...typographyStyles.body1Strong, margin: 0 },
  example: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
})

interface CreateKeyDialogProps {
  onClose: () => void
  onCreated: (created: Answer<typeof createServiceKey>) => void
}

export function CreateKeyDialog({ onClose, onCreated }: CreateKeyDialogProps) {
  const t = useTranslate()
  const endField = useRef<HTMLInputElement>(null)
  const { clock } = useAppEnvironment()
  const [draft, setDraft] = useState<KeyDraft>({
    name: '',
    scopes: ['messages:send', 'messages:read'],
    expiresAt: '',
    endIsPartial: false,
    domains: '',
    addresses: '',
  })
  const { name } = draft
  const chosenEnd = useChosenTime(new Date(draft.expiresAt), 'long')
  const [touched, setTouched] = useState({ name: false, scopes: false, limits: false })
  const change = (changes: Partial<KeyDraft>) => setDraft((now) => ({ ...now, ...changes }))
  const input = toInput(draft)
  const creation = useSecretCreation({
    queryKey: serviceKeysQuery.queryKey,
    create: () => call(createServiceKey, { body: input }),
    onCreated,
  })
  const faults = inputFaults(draft, clock(), t)
  const nameFault = touched.name ? faults.name : null
  const scopesFault = touched.scopes ? faults.scopes : null
  const endFault = (touched.limits ? faults.expiresAt : null) ?? refusedInput(creation.error, 'expiresAt', t)
  const domainsFault = touched.limits ? faults.allowedDomains : null
  const addressesFault = touched.limits ? faults.allowedAddresses : null
  const touchLimits = () => setTouched({ ...touched, limits: true })
  /** The field tells of no change when it gets a date without a time. */
  const readPartial = () => endField.current?.validity.badInput === true

  function submit(): void {
    const entered = { ...draft, endIsPartial: readPartial() }
    setDraft(entered)
    setTouched({ name: true, scopes: true, limits: true })
    if (Object.values(inputFaults(entered, clock(), t)).every((fault) => fault === null)) creation.create()
  }

  return (
    <FormDialog
      title={t('keys.dialog.title')}
      submit={t('keys.create')}
      pending={creation.isPending}
      error={endFault ? null : creation.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={t('keys.dialog.name')} hint={t('keys.dialog.name-hint')} validationMessage={nameFault}>
        <Input
          {...AS_TYPED}
          placeholder="report-scheduler"
          value={name}
          onChange={(_event, { value }) => change({ name: value })}
          onBlur={() => setTouched({ ...touched, name: name !== '' })}
        />
      </Field>
      <CheckboxesField
        label={t('keys.dialog.scopes')}
        fault={scopesFault}
        options={Scope.options}
        nameOf={(scope) => t(`keys.scope.${scope}`)}
        hintOf={(scope) => t(`keys.scope.${scope}.hint`)}
        chosen={draft.scopes}
        onChosen={(scopes) => {
          change({ scopes })
          setTouched({ ...touched, scopes: true })
        }}
      />
      <Field
        label={t('keys.dialog.ends')}
        hint={
          <>
            {t('keys.dialog.ends-hint')} {chosenEnd}
          </>
        }
        validationMessage={endFault}
      >
        <Input
          input={{ ref: endField }}
          type="datetime-local"
          value={draft.expiresAt}
          onChange={(_event, { value }) => {
            creation.forgetRefusal()
            change({ expiresAt: value, endIsPartial: readPartial() })
          }}
          onBlur={() => {
            change({ endIsPartial: readPartial() })
            touchLimits()
          }}
        />
      </Field>
      <LinesField
        label={t('keys.dialog.domains')}
        hint={t('keys.dialog.domains-hint')}
        fault={domainsFault}
        value={draft.domains}
        onValue={(domains) => change({ domains })}
        onBlur={touchLimits}
      />
      <LinesField
        label={t('keys.dialog.addresses')}
        hint={t('keys.dialog.addresses-hint')}
        fault={addressesFault}
        value={draft.addresses}
        onValue={(addresses) => change({ addresses })}
        onBlur={touchLimits}
      />
    </FormDialog>
  )
}

interface NewKeyDialogProps {
  created: Answer<typeof createServiceKey>
  onClose: () => void
}

export function NewKeyDialog({ created: { name, scopes, key }, onClose }: NewKeyDialogProps) {
  const styles = useStyles()
  const t = useTranslate()
  const example = curlExample(location.origin, scopes, useSession().user.email)
  return (
    <SecretDialog
      title={t('keys.new.title', { name })}
      kind="key"
      label={t('keys.new.label')}
      secret={key}
      advice={t('keys.new.advice')}
      onClose={onClose}
    >
      <div className={styles.part}>
        <h3 className={styles.title}>{t('keys.new.example')}</h3>
        <Paragraph muted>{t('keys.new.example-hint')}</Paragraph>
        <pre className={styles.example}>{example}</pre>
        <CopyButton label={t('keys.new.copy-request')} text={example} fallback={t('keys.new.select-request')} />
      </div>
    </SecretDialog>
  )
}
