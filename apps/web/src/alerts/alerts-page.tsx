import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { type createWebhook, MAX_WEBHOOKS, testWebhook, type Webhook } from '@inforiver-mail/contract/webhook'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Answer, call } from '../api/call.ts'
import { webhooksQuery } from '../api/queries.ts'
import { CollectionPage } from '../ui/collection-page.tsx'
import type { Column } from '../ui/data-table.tsx'
import { FailureBar } from '../ui/failure-bar.tsx'
import { LocalTime } from '../ui/local-time.tsx'
import { FocusedNotice, Notice } from '../ui/notice.tsx'
import { TenantSettingsLink } from '../ui/page.tsx'
import { type Freshness, QueryPage } from '../ui/query-page.tsx'
import { AddWebhookDialog, NewWebhookDialog, RemoveWebhookDialog, ReplayWebhookDialog } from './webhook-dialogs.tsx'
import {
  contentsText,
  hostOf,
  outcomeRemedy,
  outcomeText,
  sendsEvents,
  TYPE_LABELS,
  waitingText,
} from './webhook-text.ts'

const useStyles = makeStyles({
  address: { overflowWrap: 'anywhere' },
  lines: { display: 'flex', flexDirection: 'column' },
  buttons: { display: 'inline-flex', gap: tokens.spacingHorizontalS },
})

export function AlertsPage() {
  return (
    <QueryPage
      parent={<TenantSettingsLink />}
      title="Alerts"
      query={useQuery(webhooksQuery)}
      loading="Reading the webhooks"
    >
      {({ items }, freshness) => <AlertsScreen webhooks={items} {...freshness} />}
    </QueryPage>
  )
}

type Step =
  | { readonly kind: 'list' }
  | { readonly kind: 'add' }
  | { readonly kind: 'added'; readonly added: Answer<typeof createWebhook> }
  | { readonly kind: 'remove'; readonly webhook: Webhook }
  | { readonly kind: 'removed'; readonly webhook: Webhook }
  | { readonly kind: 'replay'; readonly webhook: Webhook }
  | { readonly kind: 'replayed'; readonly webhook: Webhook; readonly count: number }

interface AlertsScreenProps extends Freshness {
  webhooks: readonly Webhook[]
}

function AlertsScreen({ webhooks, ...freshness }: AlertsScreenProps) {
  const [step, setStep] = useState<Step>({ kind: 'list' })
  const backToList = () => setStep({ kind: 'list' })
  const test = useWebhookTest()
  const full = webhooks.length >= MAX_WEBHOOKS

  return (
    <CollectionPage
      title="Alerts"
      intro="Where alerts go when the mailbox itself cannot send."
      {...freshness}
      announcement={
        <>
          {step.kind === 'removed' && (
            <FocusedNotice
              intent="success"
              title={`The webhook to ${hostOf(step.webhook.url)} is removed`}
              onDismiss={backToList}
            >
              <span>Nothing more is sent there.</span>
            </FocusedNotice>
          )}
          {step.kind === 'replayed' && (
            <FocusedNotice
              intent="success"
              title={`${step.count === 1 ? '1 event is' : `${step.count} events are`} sent to ${hostOf(step.webhook.url)} again`}
              onDismiss={backToList}
            />
          )}
          {test.error && <FailureBar error={test.error} onDismiss={() => test.reset()} />}
          {test.data && test.variables && (
            <TestOutcome webhook={test.variables} attempt={test.data} onDismiss={() => test.reset()} />
          )}
        </>
      }
      add={{ label: 'Add webhook', disabled: full, onAdd: () => setStep({ kind: 'add' }) }}
      heading="Webhooks"
      columns={webhookColumns(
        test,
        (webhook) => setStep({ kind: 'replay', webhook }),
        (webhook) => setStep({ kind: 'remove', webhook }),
      )}
      rows={webhooks}
      empty={{
        title: 'No webhooks yet',
        text: 'A webhook is an address of another system, such as the one in which your engineers are on call. It is told when the mailbox has to be reconnected and when it works again, when the app registration is refused, when messages fail, when the queue stands still, and when the client secret is about to expire. It can also be told what became of each message.',
      }}
      hint={
        <>
          {full && `There are ${MAX_WEBHOOKS} webhooks, and no more are possible. `}
          The same alerts are shown to every workspace admin at the top of these pages, until one of them dismisses
          them. A request that does not arrive is tried again for three days.
        </>
      }
    >
      {step.kind === 'add' && (
        <AddWebhookDialog onClose={backToList} onAdded={(added) => setStep({ kind: 'added', added })} />
      )}
      {step.kind === 'added' && <NewWebhookDialog added={step.added} onClose={backToList} />}
      {step.kind === 'replay' && (
        <ReplayWebhookDialog
          webhook={step.webhook}
          onClose={backToList}
          onReplayed={(count) => setStep({ kind: 'replayed', webhook: step.webhook, count })}
        />
      )}
      {step.kind === 'remove' && (
        <RemoveWebhookDialog
          webhook={step.webhook}
          onClose={backToList}
          onRemoved={() => {
            test.reset()
            setStep({ kind: 'removed', webhook: step.webhook })
          }}
        />
      )}
    </CollectionPage>
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
  const delivered = attempt.outcome === 'delivered'
  const remedy = outcomeRemedy(attempt)
  const host = hostOf(webhook.url)
  return (
    <Notice
      intent={delivered ? 'success' : 'error'}
      title={delivered ? `The test arrived at ${host}` : `The test did not arrive at ${host}`}
      onDismiss={onDismiss}
    >
      <span>{outcomeText(attempt)}.</span>
      {remedy && <span>{remedy}</span>}
    </Notice>
  )
}

type WebhookTest = ReturnType<typeof useWebhookTest>

function webhookColumns(
  test: WebhookTest,
  onReplay: (webhook: Webhook) => void,
  onRemove: (webhook: Webhook) => void,
): readonly Column<Webhook>[] {
  return [
    { name: 'Address', cell: ({ url }) => <Address url={url} /> },
    { name: 'Sends', cell: (webhook) => contentsText(webhook) },
    { name: 'Added', kind: 'keep', cell: ({ createdAt }) => <LocalTime at={createdAt} format="short" /> },
    { name: 'Last request', cell: (webhook) => <LastRequest webhook={webhook} /> },
    {
      name: 'Actions',
      kind: 'actions',
      cell: (webhook) => (
        <WebhookActions
          webhook={webhook}
          test={test}
          onReplay={() => onReplay(webhook)}
          onRemove={() => onRemove(webhook)}
        />
      ),
    },
  ]
}

function Address({ url }: { url: string }) {
  return <strong className={useStyles().address}>{url}</strong>
}

/** What was sent last and how it ended, and what is still to be delivered. */
function LastRequest({ webhook }: { webhook: Webhook }) {
  const styles = useStyles()
  const { lastAttempt } = webhook
  const waiting = waitingText(webhook)
  return (
    <span className={styles.lines}>
      {lastAttempt ? (
        <>
          <span>
            {TYPE_LABELS[lastAttempt.type]}, <LocalTime at={lastAttempt.at} format="seconds" />
          </span>
          <span>{outcomeText(lastAttempt)}</span>
        </>
      ) : (
        'None yet'
      )}
      {waiting && <span>{waiting}</span>}
    </span>
  )
}

interface WebhookActionsProps {
  webhook: Webhook
  test: WebhookTest
  onReplay: () => void
  onRemove: () => void
}

function WebhookActions({ webhook, test, onReplay, onRemove }: WebhookActionsProps) {
  const styles = useStyles()
  const host = hostOf(webhook.url)
  const testing = test.isPending && test.variables.id === webhook.id
  return (
    <span className={styles.buttons}>
      <Button
        size="small"
        aria-label={`Test the webhook to ${host}`}
        disabledFocusable={test.isPending}
        onClick={() => test.mutate(webhook)}
      >
        {testing ? 'Testing…' : 'Test'}
      </Button>
      {sendsEvents(webhook) && (
        <Button size="small" aria-label={`Replay the webhook to ${host}`} onClick={onReplay}>
          Replay
        </Button>
      )}
      <Button size="small" aria-label={`Remove the webhook to ${host}`} onClick={onRemove}>
        Remove
      </Button>
    </span>
  )
}
