import { Checkbox, Field, Input, makeStyles, Textarea, tokens, typographyStyles } from '@fluentui/react-components'
import { Scope } from '@inforiver-mail/contract/caller'
import { createServiceKey, revokeServiceKey, type ServiceKey } from '@inforiver-mail/contract/service-key'
import { useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { useRemoval, useSecretCreation } from '../api/list-mutations.ts'
import { refusedInput } from '../api/input-fault.ts'
import { serviceKeysQuery } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { ConfirmDialog, Consequences } from '../ui/confirm-dialog.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { FormDialog } from '../ui/form-dialog.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { SecretDialog } from '../ui/secret-dialog.tsx'
import {
  curlExample,
  inputFaults,
  type KeyDraft,
  revokeText,
  SCOPE_TEXT,
  scopesText,
  toInput,
} from './service-key-text.ts'

const useStyles = makeStyles({
  group: { margin: 0, padding: 0, minWidth: 0, border: 'none' },
  // Aligns it with the field above.
  checkbox: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalS})` },
  // Aligns the hint with the label of the checkbox, which is 16 pixels wide.
  hint: { marginTop: 0, paddingLeft: `calc(16px + ${tokens.spacingHorizontalM})` },
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  title: { ...typographyStyles.body1Strong, margin: 0 },
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
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
  const styles = useStyles()
  const nameField = useRef<HTMLInputElement>(null)
  const firstScope = useRef<HTMLInputElement>(null)
  const endField = useRef<HTMLInputElement>(null)
  const domainsField = useRef<HTMLTextAreaElement>(null)
  const addressesField = useRef<HTMLTextAreaElement>(null)
  const { clock } = useAppEnvironment()
  const [draft, setDraft] = useState<KeyDraft>({
    name: '',
    scopes: ['messages:send', 'messages:read'],
    expiresAt: '',
    domains: '',
    addresses: '',
  })
  const { name, scopes } = draft
  const [touched, setTouched] = useState({ name: false, scopes: false, limits: false })
  const change = (changes: Partial<KeyDraft>) => setDraft({ ...draft, ...changes })
  const input = toInput(draft)
  const creation = useSecretCreation({
    queryKey: serviceKeysQuery.queryKey,
    create: () => call(createServiceKey, { body: input }),
    onCreated,
  })
  const faults = inputFaults(input, clock())
  const nameFault = touched.name ? faults.name : null
  const scopesFault = touched.scopes ? faults.scopes : null
  const endFault = (touched.limits ? faults.expiresAt : null) ?? refusedInput(creation.error, 'expiresAt')
  const domainsFault = touched.limits ? faults.allowedDomains : null
  const addressesFault = touched.limits ? faults.allowedAddresses : null
  const touchLimits = () => setTouched({ ...touched, limits: true })

  function submit(): void {
    setTouched({ name: true, scopes: true, limits: true })
    if (faults.name) nameField.current?.focus()
    else if (faults.scopes) firstScope.current?.focus()
    else if (faults.expiresAt) endField.current?.focus()
    else if (faults.allowedDomains) domainsField.current?.focus()
    else if (faults.allowedAddresses) addressesField.current?.focus()
    else creation.mutate()
  }

  return (
    <FormDialog
      title="Create a service key"
      submit="Create key"
      pending={creation.isPending}
      error={endFault ? null : creation.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label="Name of the service"
        hint="The same name as an existing key stands for the same service."
        validationState={nameFault ? 'error' : 'none'}
        validationMessage={nameFault}
      >
        <Input
          input={{ ref: nameField }}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          placeholder="report-scheduler"
          value={name}
          onChange={(_event, { value }) => change({ name: value })}
          onBlur={() => setTouched({ ...touched, name: name !== '' })}
        />
      </Field>
      <Field label="The service may" validationState={scopesFault ? 'error' : 'none'} validationMessage={scopesFault}>
        {(group) => (
          <fieldset
            className={styles.group}
            aria-labelledby={group['aria-labelledby']}
            aria-describedby={group['aria-describedby']}
          >
            {Scope.options.map((scope, index) => (
              <Field key={scope} hint={{ className: styles.hint, children: SCOPE_TEXT[scope].hint }}>
                <Checkbox
                  {...(index === 0 && { input: { ref: firstScope } })}
                  className={styles.checkbox}
                  label={SCOPE_TEXT[scope].label}
                  checked={scopes.includes(scope)}
                  onChange={(_event, { checked }) => {
                    change({ scopes: checked ? [...scopes, scope] : scopes.filter((other) => other !== scope) })
                    setTouched({ ...touched, scopes: true })
                  }}
                />
              </Field>
            ))}
          </fieldset>
        )}
      </Field>
      <Field
        label="Ends on"
        hint="In your time zone. Empty: the key has no end."
        validationState={endFault ? 'error' : 'none'}
        validationMessage={endFault}
      >
        <Input
          input={{ ref: endField }}
          type="datetime-local"
          value={draft.expiresAt}
          onChange={(_event, { value }) => {
            creation.reset()
            change({ expiresAt: value })
          }}
          onBlur={touchLimits}
        />
      </Field>
      <Field
        label="May write to"
        hint="Domains, one a line: contoso.com, or *.contoso.com for every name below it. Empty: all that the recipients policy allows."
        validationState={domainsFault ? 'error' : 'none'}
        validationMessage={domainsFault}
      >
        <Textarea
          textarea={{ ref: domainsField }}
          autoCapitalize="none"
          spellCheck={false}
          value={draft.domains}
          onChange={(_event, { value }) => change({ domains: value })}
          onBlur={touchLimits}
        />
      </Field>
      <Field
        label="May be used from"
        hint="IP addresses and networks, one a line: 10.1.2.3, or 10.0.0.0/8. Empty: from everywhere."
        validationState={addressesFault ? 'error' : 'none'}
        validationMessage={addressesFault}
      >
        <Textarea
          textarea={{ ref: addressesField }}
          autoCapitalize="none"
          spellCheck={false}
          value={draft.addresses}
          onChange={(_event, { value }) => change({ addresses: value })}
          onBlur={touchLimits}
        />
      </Field>
    </FormDialog>
  )
}

interface NewKeyDialogProps {
  created: Answer<typeof createServiceKey>
  exampleRecipient: string
  onClose: () => void
}

export function NewKeyDialog({ created: { name, scopes, key }, exampleRecipient, onClose }: NewKeyDialogProps) {
  const styles = useStyles()
  const example = curlExample(location.origin, scopes, exampleRecipient)
  return (
    <SecretDialog
      title={`A key for ${name}`}
      kind="key"
      label="Service key"
      secret={key}
      advice="Copy it to where the service keeps its secrets. Inforiver Mail keeps no copy that it could show again."
      onClose={onClose}
    >
      <div className={styles.part}>
        <h3 className={styles.title}>A first request</h3>
        <p className={styles.text}>In a shell that has the key in INFORIVER_MAIL_KEY:</p>
        <pre className={styles.example}>{example}</pre>
        <CopyButton label="Copy request" text={example} fallback="Select the request above." />
      </div>
    </SecretDialog>
  )
}

interface RevokeKeyDialogProps {
  serviceKey: ServiceKey
  keys: readonly ServiceKey[]
  onClose: () => void
  onRevoked: () => void
}

export function RevokeKeyDialog({ serviceKey, keys, onClose, onRevoked }: RevokeKeyDialogProps) {
  const { id, name, scopes, createdAt, lastUsedAt } = serviceKey
  const removal = useRemoval({
    queryKey: serviceKeysQuery.queryKey,
    remove: () => call(revokeServiceKey, { params: { id } }),
    onRemoved: onRevoked,
  })
  return (
    <ConfirmDialog
      title={`Revoke the key of ${name}?`}
      confirm="Revoke"
      danger
      pending={removal.isPending}
      error={removal.error}
      onConfirm={() => removal.mutate(id)}
      onClose={onClose}
    >
      <Consequences>
        <li>
          The key was created on <LocalTime at={createdAt} /> and{' '}
          {lastUsedAt ? (
            <>
              last used on <LocalTime at={lastUsedAt} />
            </>
          ) : (
            'has never been used'
          )}
          . It allows: {scopesText(scopes).toLowerCase()}.
        </li>
        <li>It stops at once: every request with it is refused from now on. This cannot be undone.</li>
        <li>{revokeText(serviceKey, keys)}</li>
        <li>Messages that were submitted with it are still sent.</li>
      </Consequences>
    </ConfirmDialog>
  )
}
