import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components'
import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import { LinkedText } from '../shell/linked-text.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { RequestId } from '../shell/request-id.tsx'

interface Props {
  problem: SettingsProblem
  starting: boolean
  onReconnect: () => void
}

/** Why the connection does not work although it is configured, and who has to mend it. */
export function SettingsProblemBar({ problem, starting, onReconnect }: Props) {
  const { code, title, detail, action, since, correlationId } = problem
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        {detail} <LinkedText text={action} />
        {code === 'app-misconfigured' &&
          ' This is for the operator of this installation to mend: reconnecting the mailbox does not help.'}{' '}
        Since <LocalTime at={since} />.
        <RequestId label="Correlation id" value={correlationId} />
      </MessageBarBody>
      {code === 'reconnect-required' && (
        <MessageBarActions>
          <Button appearance="primary" disabledFocusable={starting} onClick={onReconnect}>
            Reconnect
          </Button>
        </MessageBarActions>
      )}
    </MessageBar>
  )
}
