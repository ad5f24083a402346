import { Checkbox, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { Scope } from '@inforiver-mail/contract/caller'
import { createServiceKey } from '@inforiver-mail/contract/service-key'
import { useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { useSecretCreation } from '../api/secret-creation.ts'
import { FormDialog } from '../shell/form-dialog.tsx'
import { inputFaults, SCOPE_WORDS } from './service-key-words.ts'
import { serviceKeysQuery } from './service-keys-query.ts'

const useStyles = makeStyles({
  group: { margin: 0, padding: 0, minWidth: 0, border: 'none' },
  // In line with the field above them.
  checkbox: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalS})` },
  // Under the label of the checkbox, which is 16 pixels wide.
  hint: { marginTop: 0, paddingLeft: `calc(16px + ${tokens.spacingHorizontalM})` },
})

interface Props {
  onClose: () => void
  onCreated: (created: Answer<typeof createServiceKey>) => void
}

export function CreateKeyDialog({ onClose, onCreated }: Props) {
  const styles = useStyles()
  const nameField = useRef<HTMLInputElement>(null)
  const firstScope = useRef<HTMLInputElement>(null)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>(['messages:send', 'messages:read'])
  const [judged, setJudged] = useState({ name: false, scopes: false })
  const creation = useSecretCreation({
    queryKey: serviceKeysQuery.queryKey,
    create: () => call(createServiceKey, { body: { name, scopes: [...scopes] } }),
    onCreated,
  })
  const faults = inputFaults({ name, scopes: [...scopes] })
  const nameFault = judged.name ? faults.name : null
  const scopesFault = judged.scopes ? faults.scopes : null

  function submit(): void {
    setJudged({ name: true, scopes: true })
    if (faults.name) nameField.current?.focus()
    else if (faults.scopes) firstScope.current?.focus()
    else creation.mutate()
  }

  return (
    <FormDialog
      title="Create a service key"
      submit="Create key"
      pending={creation.isPending}
      error={creation.error}
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
          onChange={(_event, { value }) => setName(value)}
          onBlur={() => setJudged({ ...judged, name: name !== '' })}
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
              <Field key={scope} hint={{ className: styles.hint, children: SCOPE_WORDS[scope].hint }}>
                <Checkbox
                  {...(index === 0 && { input: { ref: firstScope } })}
                  className={styles.checkbox}
                  label={SCOPE_WORDS[scope].label}
                  checked={scopes.includes(scope)}
                  onChange={(_event, { checked }) => {
                    setScopes(checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))
                    setJudged({ ...judged, scopes: true })
                  }}
                />
              </Field>
            ))}
          </fieldset>
        )}
      </Field>
    </FormDialog>
  )
}
