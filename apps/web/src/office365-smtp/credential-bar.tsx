import { useQuery } from '@tanstack/react-query'
import { LinkedText } from '../shell/linked-text.tsx'
import { Notice } from '../shell/notice.tsx'
import { credentialQuery } from './credential-query.ts'
import { credentialWarning } from './credential-words.ts'

/** Warns before the app registration's secret or certificate expires. Where that cannot be read, there is no warning. */
export function CredentialBar() {
  const { data } = useQuery(credentialQuery)
  const warning = data && credentialWarning(data)
  if (!warning) return null
  return (
    <Notice intent={warning.intent} title={warning.title}>
      <span>{warning.detail}</span>
      <span>
        <LinkedText text={warning.action} />
      </span>
    </Notice>
  )
}
