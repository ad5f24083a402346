import { revokeServiceKey, type ServiceKey } from '@inforiver-mail/contract/service-key'
import { call } from '../api/call.ts'
import { useRemoval } from '../api/removal.ts'
import { ConfirmDialog, Consequences } from '../shell/confirm-dialog.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { revokeWords, scopesWords } from './service-key-words.ts'
import { serviceKeysQuery } from './service-keys-query.ts'

interface Props {
  serviceKey: ServiceKey
  keys: readonly ServiceKey[]
  onClose: () => void
  onRevoked: () => void
}

export function RevokeKeyDialog({ serviceKey, keys, onClose, onRevoked }: Props) {
  const { id, name, scopes, createdAt, lastUsedAt } = serviceKey
  const removal = useRemoval({
    queryKey: serviceKeysQuery.queryKey,
    remove: () => call(revokeServiceKey, { params: { id } }),
    onRemoved: onRevoked,
  })
  return (
    <ConfirmDialog
      title={`Revoke the key of ${name}?`}
      confirm="Revoke"
      danger
      pending={removal.isPending}
      error={removal.error}
      onConfirm={() => removal.mutate(id)}
      onClose={onClose}
    >
      <Consequences>
        <li>
          The key was created on <LocalTime at={createdAt} /> and{' '}
          {lastUsedAt ? (
            <>
              last used on <LocalTime at={lastUsedAt} />
            </>
          ) : (
            'has never been used'
          )}
          . It allows: {scopesWords(scopes).toLowerCase()}.
        </li>
        <li>It stops at once: every request with it is refused from now on. This cannot be undone.</li>
        <li>{revokeWords(serviceKey, keys)}</li>
        <li>Messages that were submitted with it are still sent.</li>
      </Consequences>
    </ConfirmDialog>
  )
}
