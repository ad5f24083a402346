import { Button, Checkbox, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import { createServiceKey, Scope } from '@inforiver-mail/contract/service-key'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useRef, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { FailureBar } from '../shell/failure-bar.tsx'
import { Modal } from '../shell/modal.tsx'
import { inputFaults, SCOPE_WORDS } from './service-key-words.ts'
import { serviceKeysQuery } from './service-keys-query.ts'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  group: { margin: 0, padding: 0, minWidth: 0, border: 'none' },
  // In line with the field above them.
  checkbox: { marginLeft: `calc(-1 * ${tokens.spacingHorizontalS})` },
  live: { ':empty': { display: 'none' } },
})

interface Props {
  onClose: () => void
  onCreated: (created: Answer<typeof createServiceKey>) => void
}

export function CreateKeyDialog({ onClose, onCreated }: Props) {
  const styles = useStyles()
  const formId = useId()
  const nameField = useRef<HTMLInputElement>(null)
  const firstScope = useRef<HTMLInputElement>(null)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>(['messages:send', 'messages:read'])
  const [judged, setJudged] = useState({ name: false, scopes: false })
  const queryClient = useQueryClient()
  const create = useMutation({
    mutationFn: () => call(createServiceKey, { body: { name, scopes: [...scopes] } }),
    gcTime: 0, // the key is in the answer: it is not kept longer than it is shown
    onSuccess: (created) => {
      void queryClient.invalidateQueries(serviceKeysQuery)
      onCreated(created)
    },
  })
  const faults = inputFaults({ name, scopes: [...scopes] })
  const nameFault = judged.name ? faults.name : null
  const scopesFault = judged.scopes ? faults.scopes : null

  function submit(event: { preventDefault: () => void }): void {
    event.preventDefault()
    setJudged({ name: true, scopes: true })
    if (faults.name) nameField.current?.focus()
    else if (faults.scopes) firstScope.current?.focus()
    else if (!create.isPending) create.mutate()
  }

  return (
    <Modal
      title="Create a service key"
      onDismiss={onClose}
      actions={
        <>
          <Button type="submit" form={formId} appearance="primary" disabledFocusable={create.isPending}>
            Create key
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <form id={formId} noValidate className={styles.form} onSubmit={submit}>
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
                <Field key={scope} hint={SCOPE_WORDS[scope].hint}>
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
      </form>
      <div aria-live="assertive" className={styles.live}>
        {create.error && <FailureBar error={create.error} />}
      </div>
    </Modal>
  )
}
