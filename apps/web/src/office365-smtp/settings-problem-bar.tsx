import { Button } from '@fluentui/react-components'
import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import { LinkedText } from '../shell/linked-text.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { Notice } from '../shell/notice.tsx'
import { RequestId } from '../shell/request-id.tsx'

interface Props {
  problem: SettingsProblem
  starting: boolean
  onReconnect: () => void
}

/** Why the connection does not work although it is configured, and who can fix it. */
export function SettingsProblemBar({ problem, starting, onReconnect }: Props) {
  const { code, title, detail, action, since, correlationId } = problem
  return (
    <Notice
      intent="error"
      title={title}
      actions={
        code === 'reconnect-required' && (
          <Button appearance="primary" disabledFocusable={starting} onClick={onReconnect}>
            Reconnect
          </Button>
        )
      }
    >
      <span>{detail}</span>
      <span>
        <LinkedText text={action} />
      </span>
      {code === 'app-misconfigured' && <span>Reconnecting the mailbox does not help.</span>}
      <span>
        Since <LocalTime at={since} />.
      </span>
      <RequestId label="Correlation id" value={correlationId} />
    </Notice>
  )
}
