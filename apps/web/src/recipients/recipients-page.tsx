import { Button, Field, Input, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import {
  readRecipientsPolicy,
  type RecipientsPolicy,
  replaceRecipientsPolicy,
} from '@inforiver-mail/contract/recipients-policy'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import { z } from 'zod'
import { call } from '../api/call.ts'
import { recipientsPolicyQuery } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { useSession } from '../session/session.tsx'
import { FailureBar, LiveRegion, Notice } from '../ui/notice.tsx'
import { AS_TYPED, LinesField } from '../ui/fields.tsx'
import { ButtonRow, Surface } from '../ui/layout.tsx'
import { TenantSettingsPage } from '../ui/tenant-settings-page.tsx'
import { planPolicy, planText, PolicyDraft, policyValues, withoutEntries } from './policy-draft.ts'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  reason: { flex: '1 1 240px', color: tokens.colorNeutralForeground2 },
})

export function RecipientsPage() {
  return (
    <TenantSettingsPage page="recipients" width="form" query={useQuery(recipientsPolicyQuery)}>
      {(policy) => <PolicyForm policy={policy} />}
    </TenantSettingsPage>
  )
}

function PolicyForm({ policy }: { policy: RecipientsPolicy }) {
  const styles = useStyles()
  const t = useTranslate()
  const reasonId = useId()
  const queryClient = useQueryClient()
  const [draft, setDraft] = usePolicyDraft()
  const { domains, redirectTo } = policyValues(policy, draft)
  const plan = planPolicy(policy, draft, t)
  const faults = plan.kind === 'invalid' ? plan : { domainsFault: null, redirectFault: null }
  const saving = useMutation({
    mutationFn: async (submitted: PolicyDraft) => {
      // Both fields are replaced, and another admin may have changed one since the page has read them.
      const latest = await call(readRecipientsPolicy, {})
      const latestPlan = planPolicy(latest, submitted, t)
      return latestPlan.kind === 'save' ? call(replaceRecipientsPolicy, { body: latestPlan.input }) : latest
    },
    onSuccess: async (saved, submitted) => {
      const { queryKey } = recipientsPolicyQuery
      await queryClient.cancelQueries({ queryKey })
      queryClient.setQueryData(queryKey, saved)
      // What was typed while it was saved is kept.
      setDraft((now) => withoutEntries(now, submitted))
    },
    // What was undone meanwhile needs no undoing.
    onError: () => setDraft((now) => withoutEntries(now, policyValues(policy, {}))),
  })

  function change(changes: PolicyDraft): void {
    if (!saving.isPending) saving.reset()
    const entered = { ...draft, ...changes }
    // While it is saved, an entry that equals the policy undoes what is being saved.
    setDraft(saving.isPending ? entered : withoutEntries(entered, policyValues(policy, {})))
  }

  function submit(event: { preventDefault: () => void }): void {
    event.preventDefault()
    if (plan.kind === 'save' && !saving.isPending) saving.mutate(draft)
  }

  return (
    <>
      <LiveRegion>{saving.isSuccess && <Notice intent="success" title={t('recipients.saved')} />}</LiveRegion>
      <Surface title={t('recipients.policy')}>
        <form noValidate className={styles.form} onSubmit={submit}>
          <LinesField
            label={t('recipients.domains')}
            hint={t('recipients.domains-hint')}
            fault={faults.domainsFault}
            rows={5}
            value={domains}
            onValue={(value) => change({ domains: value })}
          />
          <Field
            label={t('recipients.redirect')}
            hint={t('recipients.redirect-hint')}
            validationMessage={faults.redirectFault}
          >
            <Input
              inputMode="email"
              {...AS_TYPED}
              placeholder={t('recipients.redirect-placeholder')}
              value={redirectTo}
              onChange={(_event, { value }) => change({ redirectTo: value })}
            />
          </Field>
          <LiveRegion urgent>{saving.error && <FailureBar error={saving.error} />}</LiveRegion>
          <ButtonRow>
            <Button
              type="submit"
              appearance="primary"
              icon={saving.isPending ? <Spinner size="tiny" aria-hidden /> : null}
              disabledFocusable={plan.kind !== 'save' || saving.isPending}
              aria-describedby={reasonId}
            >
              {t('ui.save')}
            </Button>
            <span id={reasonId} className={styles.reason}>
              {planText(plan, policy, t)}
            </span>
          </ButtonRow>
        </form>
      </Surface>
    </>
  )
}

/** What is kept while the page is left to sign in again; nobody else who signs in gets it. */
const Unsaved = z.strictObject({ userEmail: z.string(), recipients: PolicyDraft })

/** What was entered and is not saved. */
function usePolicyDraft() {
  const { user } = useSession()
  const { unsaved } = useAppEnvironment()
  const [draft, setDraft] = useState<PolicyDraft>(() => {
    const kept = Unsaved.safeParse(unsaved.held('recipients')).data
    return kept?.userEmail === user.email ? kept.recipients : {}
  })
  useEffect(() => {
    unsaved.hold('recipients', { userEmail: user.email, recipients: draft })
    return () => unsaved.hold('recipients', null)
  }, [unsaved, user.email, draft])
  return [draft, setDraft] as const
}
