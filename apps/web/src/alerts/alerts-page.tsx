import { Button } from '@fluentui/react-components'
import { AddRegular } from '@fluentui/react-icons/svg/add'
import {
  type createWebhook,
  MAX_WEBHOOKS,
  removeWebhook,
  testWebhook,
  type Webhook,
} from '@inforiver-mail/contract/webhook'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { webhooksQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import type { Translate } from '../language/translate.ts'
import { type Column, TableSurface, timeColumn } from '../ui/data-table.tsx'
import { RemovalDialog, SecretDialog } from '../ui/dialogs.tsx'
import { ButtonRow, Paragraph } from '../ui/layout.tsx'
import { FailureBar, FocusedNotice, LiveRegion, Notice } from '../ui/notice.tsx'
import { TenantSettingsPage } from '../ui/tenant-settings-page.tsx'
import { LocalTime } from '../ui/values.tsx'
import { AddWebhookDialog, ReplayWebhookDialog } from './webhook-dialogs.tsx'
import { contentsText, hostOf, outcomeRemedy, outcomeText, sendsEvents, waitingText } from './webhook-text.ts'

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'add' }
  | { readonly kind: 'added'; readonly added: Answer<typeof createWebhook> }
  | { readonly kind: 'remove'; readonly webhook: Webhook }
  | { readonly kind: 'removed'; readonly webhook: Webhook }
  | { readonly kind: 'replay'; readonly webhook: Webhook }
  | { readonly kind: 'replayed'; readonly webhook: Webhook; readonly count: number }

export function AlertsPage() {
  const t = useTranslate()
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })
  const test = useWebhookTest()
  return (
    <TenantSettingsPage page="alerts" width="table" query={useQuery(webhooksQuery)} stale={t('ui.may-be-stale')}>
      {({ items }) => (
        <>
          <LiveRegion>
            {step.kind === 'removed' && (
              <FocusedNotice
                intent="success"
                title={t('alerts.removed.title', { host: hostOf(step.webhook.url) })}
                onDismiss={backToList}
              >
                <span>{t('alerts.removed.text')}</span>
              </FocusedNotice>
            )}
            {step.kind === 'replayed' && (
              <FocusedNotice
                intent="success"
                title={t('alerts.replayed', { count: step.count, host: hostOf(step.webhook.url) })}
                onDismiss={backToList}
              />
            )}
            {test.error && <FailureBar error={test.error} onDismiss={() => test.reset()} />}
            {test.data && test.variables && (
              <TestOutcome webhook={test.variables} attempt={test.data} onDismiss={() => test.reset()} />
            )}
          </LiveRegion>
          <ButtonRow>
            <Button
              appearance="primary"
              icon={<AddRegular />}
              disabledFocusable={items.length >= MAX_WEBHOOKS}
              onClick={() => setStep({ kind: 'add' })}
            >
              {t('alerts.add')}
            </Button>
          </ButtonRow>
          <TableSurface
            title={t('alerts.heading')}
            columns={columns(t, test, setStep)}
            rows={items}
            empty={{ title: t('alerts.empty.title'), text: t('alerts.empty.text') }}
          />
          <Paragraph muted narrow>
            {items.length >= MAX_WEBHOOKS && <>{t('alerts.full', { count: MAX_WEBHOOKS })} </>}
            {t('alerts.hint')}
          </Paragraph>
          {step.kind === 'add' && (
            <AddWebhookDialog onClose={backToList} onAdded={(added) => setStep({ kind: 'added', added })} />
          )}
          {step.kind === 'added' && (
            <SecretDialog
              title={t('alerts.new.title', { host: hostOf(step.added.url) })}
              kind="secret"
              label={t('alerts.new.label')}
              secret={step.added.secret}
              advice={t('alerts.new.advice')}
              onClose={backToList}
            >
              <Paragraph muted>{t('alerts.new.text')}</Paragraph>
            </SecretDialog>
          )}
          {step.kind === 'replay' && (
            <ReplayWebhookDialog
              webhook={step.webhook}
              onClose={backToList}
              onReplayed={(count) => setStep({ kind: 'replayed', webhook: step.webhook, count })}
            />
          )}
          {step.kind === 'remove' && (
            <RemovalDialog
              title={t('alerts.removing.title', { host: hostOf(step.webhook.url) })}
              confirm={t('alerts.remove')}
              query={webhooksQuery}
              id={step.webhook.id}
              remove={(id) => call(removeWebhook, { params: { id } })}
              onRemoved={() => {
                test.reset()
                setStep({ kind: 'removed', webhook: step.webhook })
              }}
              onClose={backToList}
            >
              <li>{t('alerts.removing.address', { url: step.webhook.url })}</li>
              {step.webhook.waiting > 0 && <li>{t('alerts.removing.waiting', { count: step.webhook.waiting })}</li>}
              <li>{t('alerts.removing.pages')}</li>
            </RemovalDialog>
          )}
        </>
      )}
    </TenantSettingsPage>
  )
}

function useWebhookTest() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: ({ id }: Webhook) => call(testWebhook, { params: { id } }),
    onSettled: () => queryClient.invalidateQueries(webhooksQuery),
  })
}

interface TestOutcomeProps {
  webhook: Webhook
  attempt: Answer<typeof testWebhook>
  onDismiss: () => void
}

function TestOutcome({ webhook, attempt, onDismiss }: TestOutcomeProps) {
  const t = useTranslate()
  const delivered = attempt.outcome === 'delivered'
  const remedy = outcomeRemedy(attempt, t)
  const host = hostOf(webhook.url)
  return (
    <Notice
      intent={delivered ? 'success' : 'error'}
      title={t(delivered ? 'alerts.test.arrived' : 'alerts.test.failed', { host })}
      onDismiss={onDismiss}
    >
      <span>{outcomeText(attempt, t)}.</span>
      {remedy && <span>{remedy}</span>}
    </Notice>
  )
}

function columns(
  t: Translate,
  test: ReturnType<typeof useWebhookTest>,
  onStep: (step: Step) => void,
): readonly Column<Webhook>[] {
  return [
    { name: t('alerts.column.address'), cell: ({ url }) => <strong>{url}</strong> },
    { name: t('alerts.column.sends'), cell: (webhook) => contentsText(webhook, t) },
    timeColumn(t('alerts.column.added'), ({ createdAt }) => createdAt),
    { name: t('alerts.column.last-request'), cell: (webhook) => lastRequest(webhook, t) },
    {
      name: t('ui.actions'),
      kind: 'actions',
      cell: (webhook) => {
        const host = hostOf(webhook.url)
        const isTesting = test.isPending && test.variables.id === webhook.id
        return (
          <>
            <Button
              size="small"
              aria-label={t('alerts.test-of', { host })}
              disabledFocusable={test.isPending}
              onClick={() => test.mutate(webhook)}
            >
              {t(isTesting ? 'alerts.testing' : 'alerts.test')}
            </Button>
            {sendsEvents(webhook) && (
              <Button
                size="small"
                aria-label={t('alerts.replay-of', { host })}
                onClick={() => onStep({ kind: 'replay', webhook })}
              >
                {t('alerts.replay')}
              </Button>
            )}
            <Button
              size="small"
              aria-label={t('alerts.remove-of', { host })}
              onClick={() => onStep({ kind: 'remove', webhook })}
            >
              {t('alerts.remove')}
            </Button>
          </>
        )
      },
    },
  ]
}

/** What was sent last and how it ended, and what is still to be delivered. */
function lastRequest(webhook: Webhook, t: Translate): ReactNode {
  const { lastAttempt } = webhook
  const waiting = waitingText(webhook, t)
  return (
    <>
      {lastAttempt ? (
        <>
          <div>
            {t(`alerts.type.${lastAttempt.type}`)}, <LocalTime at={lastAttempt.at} format="seconds" />
          </div>
          <div>{outcomeText(lastAttempt, t)}</div>
        </>
      ) : (
        t('alerts.no-request')
      )}
      {waiting && <div>{waiting}</div>}
    </>
  )
}
