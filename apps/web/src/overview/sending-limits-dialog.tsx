import { Field, Input } from '@fluentui/react-components'
import { replaceSendingLimits, type SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { overviewQuery, sendingLimitsQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { FormDialog } from '../ui/dialogs.tsx'
import { LinesField } from '../ui/fields.tsx'
import { type LimitsDraft, limitsValues, readValues } from './limits-draft.ts'

/** Asks for what Microsoft's limit of external recipients depends on. */
export function SendingLimitsDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslate()
  const queryClient = useQueryClient()
  const known = useQuery(sendingLimitsQuery)
  const [entered, setEntered] = useState<LimitsDraft>({})
  const [wasSubmitted, setWasSubmitted] = useState(false)
  const { licences, domains } = limitsValues(known.data, entered)
  const { input, licencesFault, domainsFault } = readValues({ licences, domains }, t)
  const shownFault = wasSubmitted ? licencesFault : null
  const saving = useMutation({
    mutationFn: (body: SendingLimitsInput) => call(replaceSendingLimits, { body }),
    onSuccess: (saved) => {
      queryClient.setQueryData(sendingLimitsQuery.queryKey, saved)
      void queryClient.invalidateQueries(overviewQuery)
      onClose()
    },
  })
  const change = (changes: LimitsDraft) => setEntered({ ...entered, ...changes })
  return (
    <FormDialog
      title={t('overview.limits.edit')}
      submit={t('ui.save')}
      pending={saving.isPending}
      waiting={known.data === undefined}
      error={saving.error ?? known.error}
      onSubmit={() => {
        setWasSubmitted(true)
        if (input) saving.mutate(input)
      }}
      onClose={onClose}
    >
      <Field
        label={t('overview.limits.licences')}
        hint={t('overview.limits.licences.hint')}
        validationMessage={shownFault}
      >
        <Input
          inputMode="numeric"
          autoComplete="off"
          value={licences}
          onChange={(_event, { value }) => change({ licences: value })}
        />
      </Field>
      <LinesField
        label={t('overview.limits.domains')}
        hint={t('overview.limits.domains.hint')}
        fault={wasSubmitted ? domainsFault : null}
        rows={4}
        value={domains}
        onValue={(value) => change({ domains: value })}
      />
    </FormDialog>
  )
}
