import { Button, Field, Input, Link, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import { EmailAddress } from '@inforiver-mail/contract/email-address'
import { sendTestMessage } from '@inforiver-mail/contract/message-input'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call } from '../api/call.ts'
import { inputFault, mayHaveArrived } from '../api/failure.ts'
import { messageQuery, settingsQuery, usageQuery, useLoadError } from '../api/queries.ts'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { messageUrl, PAGES } from '../routes.ts'
import { useSession } from '../session/session.tsx'
import { FailureBar, LiveRegion, Notice } from '../ui/notice.tsx'
import { LinkedText, LocalTime, RequestId } from '../ui/values.tsx'
import { Surface } from '../ui/layout.tsx'
import { messageText } from './test-message-text.ts'
import { AS_TYPED } from '../ui/fields.tsx'
import { PageLink } from '../ui/page.tsx'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', alignItems: 'flex-start', gap: tokens.spacingVerticalM },
  field: { width: '100%' },
})

/** Sends one mail through the same queue as any other, and follows it. */
export function TestMessage() {
  const styles = useStyles()
  const t = useTranslate()
  const { user } = useSession()
  const [to, setTo] = useState('')
  const fault = to === '' ? null : inputFault(EmailAddress, to, t)
  const send = useMutation({ mutationFn: () => call(sendTestMessage, { body: to === '' ? {} : { to } }) })

  function start(): void {
    if (fault === null && !send.isPending) send.mutate()
  }

  function submit(event: { preventDefault: () => void }): void {
    event.preventDefault()
    start()
  }

  return (
    <Surface title={t('sending.test')} level={3}>
      <form noValidate className={styles.form} onSubmit={submit}>
        <Field
          className={styles.field}
          label={t('sending.test.recipient')}
          hint={t('sending.test.recipient-hint', { address: user.email })}
          validationMessage={fault}
        >
          <Input
            inputMode="email"
            {...AS_TYPED}
            placeholder={user.email}
            value={to}
            onChange={(_event, { value }) => setTo(value)}
          />
        </Field>
        <Button
          type="submit"
          icon={send.isPending ? <Spinner size="tiny" aria-hidden /> : null}
          disabledFocusable={fault !== null || send.isPending}
        >
          {t('sending.test.send')}
        </Button>
      </form>
      <LiveRegion>
        {send.error && (
          <FailureBar error={send.error} onRetry={start}>
            {mayHaveArrived(send.error) && (
              <span>
                {t.rich('sending.test.may-be-accepted', {
                  link: (content) => (
                    <PageLink inline href={PAGES.messages}>
                      {content}
                    </PageLink>
                  ),
                })}
              </span>
            )}
          </FailureBar>
        )}
        {send.data && <MessageStatus key={send.data.messageId} id={send.data.messageId} />}
      </LiveRegion>
    </Surface>
  )
}

function MessageStatus({ id }: { id: string }) {
  const t = useTranslate()
  const { demoUrl } = useAppEnvironment()
  const queryClient = useQueryClient()
  const query = useQuery(messageQuery(id))
  const { data: message, refetch } = query
  const { data: usage } = useQuery(usageQuery)
  const error = useLoadError(query)
  const status = message?.status

  useEffect(() => {
    // Whatever stopped the mail may have changed the settings as well; the usage is read again with them.
    if (status === 'failed' || status === 'held') void queryClient.invalidateQueries(settingsQuery)
    else void queryClient.invalidateQueries(usageQuery)
  }, [status, queryClient])

  if (!message) {
    if (error) return <FailureBar error={error} onRetry={() => void refetch()} />
    return <Spinner size="tiny" label={t('sending.test.sending')} />
  }
  const { intent, title, detail, lang, busy } = messageText(message, t, usage?.pausedBecause)
  return (
    <Notice
      intent={intent}
      title={title}
      lang={message.status === 'failed' ? lang : undefined}
      icon={busy && <Spinner size="tiny" aria-hidden />}
    >
      <LinkedText text={detail} lang={lang} />
      {message.waitingBecause && message.nextAttemptAt && (
        <span>
          {t.rich('sending.test.not-before', { at: <LocalTime at={message.nextAttemptAt} format="seconds" /> })}
        </span>
      )}
      {message.status === 'sent' && demoUrl && (
        <Link inline href={demoUrl} target="_blank" rel="noreferrer">
          {t('shell.demo.mailboxes')}
        </Link>
      )}
      <PageLink inline href={messageUrl(id)}>
        {t('sending.test.open')}
      </PageLink>
      <RequestId label={t('sending.microsoft-code')} value={message.problem?.microsoftCode ?? null} />
      <RequestId label={t('sending.microsoft-request')} value={message.problem?.requestId ?? null} />
    </Notice>
  )
}
