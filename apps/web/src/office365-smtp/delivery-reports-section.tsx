import { Button, Field, makeStyles, Spinner, Switch, tokens } from '@fluentui/react-components'
import { type ReportsProblem, ReportsProblemCode } from '@inforiver-mail/contract/consent-problem'
import { type Office365SmtpSettings, switchDeliveryReports } from '@inforiver-mail/contract/office365-smtp'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Fragment, type ReactNode } from 'react'
import { call } from '../api/call.ts'
import { problemOf } from '../api/failure.ts'
import { settingsQuery } from '../api/queries.ts'
import { serverText } from '../api/server-text.ts'
import { useTranslate } from '../language/language.tsx'
import { FailureBar, LiveRegion, Notice } from '../ui/notice.tsx'
import { LinkedText, LocalTime, RequestId } from '../ui/values.tsx'
import { Paragraph, Surface } from '../ui/layout.tsx'
import type { ConsentFlow } from './consent-flow.ts'
import { ReportSource } from './consent-start.ts'

const useStyles = makeStyles({
  // Aligns it with the text above.
  switch: { marginInlineStart: `calc(-1 * ${tokens.spacingHorizontalS})` },
  actions: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalM },
})

interface Props {
  settings: Office365SmtpSettings
  flow: ConsentFlow
}

/** Switches the sources of delivery reports on and off, and says what each reads and needs. */
export function DeliveryReportsSection({ settings, flow }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const queryClient = useQueryClient()
  const switchOff = useMutation({
    mutationFn: (source: ReportSource) => call(switchDeliveryReports, { body: { [source]: false } }),
    onSettled: () => queryClient.invalidateQueries(settingsQuery),
  })
  const { bounces, trace } = settings.deliveryReports
  const isBusy = flow.starting || switchOff.isPending
  const failure = flow.failure?.start.purpose === 'delivery-reports' ? flow.failure : null

  function change(source: ReportSource, on: boolean): void {
    if (isBusy) return
    switchOff.reset()
    if (on) flow.begin({ purpose: 'delivery-reports', on: [source] })
    else switchOff.mutate(source)
  }

  return (
    <Surface title={t('reports.title')} level={3}>
      <Paragraph>{t('reports.intro')}</Paragraph>
      {ReportSource.options.map((source) => (
        <Fragment key={source}>
          <Field hint={<Hint source={source} settings={settings} />}>
            <Switch
              className={styles.switch}
              label={t(`reports.${source}`)}
              checked={settings.deliveryReports[source].enabled}
              disabledFocusable={isBusy}
              onChange={(_event, { checked }) => change(source, checked)}
            />
          </Field>
          <LiveRegion>
            <SourceProblem source={source} settings={settings} />
          </LiveRegion>
        </Fragment>
      ))}
      <LiveRegion urgent>
        {failure && <SwitchFailure error={failure.error} onRetry={failure.retry} onDismiss={failure.dismiss} />}
        {switchOff.error && <FailureBar error={switchOff.error} onDismiss={switchOff.reset} />}
      </LiveRegion>
      <div className={styles.actions}>
        {!bounces.enabled && !trace.enabled && (
          <Button
            disabledFocusable={isBusy}
            onClick={() => flow.begin({ purpose: 'delivery-reports', on: ReportSource.options })}
          >
            {t('reports.both')}
          </Button>
        )}
        {isBusy && <Spinner size="tiny" label={t('reports.switching')} />}
      </div>
    </Surface>
  )
}

function Hint({ source, settings }: { source: ReportSource; settings: Office365SmtpSettings }) {
  const t = useTranslate()
  const permission = (name: ReactNode) => <code>{name}</code>
  const sender = settings.fromEmail ?? ''
  if (source === 'trace')
    return (
      <>
        {t('reports.trace.reads')} {t.rich('reports.trace.needs', { permission })}
      </>
    )
  const { enabled, available, problem } = settings.deliveryReports.bounces
  const mailbox = settings.mailbox ?? 'own'
  const delegate = settings.connectedAs?.email ?? sender
  return (
    <>
      {t('reports.bounces.reads', { mailbox, delegate, sender })}{' '}
      {available && !enabled
        ? t('reports.bounces.available')
        : !hasNoInbox(problem) && t.rich('reports.bounces.needs', { mailbox, delegate, sender, permission })}
    </>
  )
}

/** No right would help: a group, for one, has no inbox. */
function hasNoInbox(problem: ReportsProblem | null): boolean {
  return problem?.values['title'] === 'inbox-missing.title'
}

/** Why a source that is on does not answer, and who mends it. */
function SourceProblem({ source, settings }: { source: ReportSource; settings: Office365SmtpSettings }) {
  const t = useTranslate()
  const { problem } = settings.deliveryReports[source]
  if (!problem) return null
  return (
    <Notice intent="warning" title={t(`reports.problem.${problem.code}`)}>
      <LinkedText
        text={t(`reports.remedy.${hasNoInbox(problem) ? 'no-inbox' : problem.code}`, {
          sender: settings.fromEmail ?? '',
        })}
      />
      <span>{t.rich('reports.problem.since', { at: <LocalTime at={problem.since} /> })}</span>
      <RequestId label={t('settings.correlation-id')} value={problem.correlationId} />
    </Notice>
  )
}

interface FailureProps {
  error: Error
  onRetry: () => void
  onDismiss: () => void
}

/** Why a source was not switched on. */
function SwitchFailure({ error, onRetry, onDismiss }: FailureProps) {
  const t = useTranslate()
  const problem = problemOf(error)
  const code = ReportsProblemCode.safeParse(problem?.code).data
  if (!problem || code === undefined) return <FailureBar error={error} onRetry={onRetry} onDismiss={onDismiss} />
  const { detail, lang } = serverText({ detail: problem.detail, values: problem.values }, t)
  return (
    <Notice intent="error" title={t(`reports.problem.${code}`)} onDismiss={onDismiss}>
      <LinkedText text={detail} lang={lang} />
      <span>{t('reports.problem.stays-off')}</span>
    </Notice>
  )
}
