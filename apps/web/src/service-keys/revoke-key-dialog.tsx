import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { revokeServiceKey, type ServiceKey } from '@inforiver-mail/contract/service-key'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { problemCode } from '../api/failure.ts'
import { FailureBar } from '../shell/failure-bar.tsx'
import { LocalTime } from '../shell/local-time.tsx'
import { Modal } from '../shell/modal.tsx'
import { revokeWords, scopesWords } from './service-key-words.ts'
import { serviceKeysQuery } from './service-keys-query.ts'

const useStyles = makeStyles({
  list: {
    margin: 0,
    paddingLeft: tokens.spacingHorizontalXL,
    display: 'grid',
    gap: tokens.spacingVerticalS,
    overflowWrap: 'anywhere',
  },
})

interface Props {
  serviceKey: ServiceKey
  keys: readonly ServiceKey[]
  onClose: () => void
  onRevoked: () => void
}

export function RevokeKeyDialog({ serviceKey, keys, onClose, onRevoked }: Props) {
  const styles = useStyles()
  const { id, name, scopes, createdAt, lastUsedAt } = serviceKey
  const queryClient = useQueryClient()
  const revoke = useMutation({
    mutationFn: async () => {
      try {
        await call(revokeServiceKey, { params: { id } })
      } catch (error) {
        // Another admin was faster: it is revoked all the same.
        if (problemCode(error) !== 'not-found') throw error
      }
    },
    onSuccess: async () => {
      // A read that set out before must not put the key back.
      await queryClient.cancelQueries(serviceKeysQuery)
      queryClient.setQueryData(
        serviceKeysQuery.queryKey,
        (list) => list && { items: list.items.filter((key) => key.id !== id) },
      )
      void queryClient.invalidateQueries(serviceKeysQuery)
      onRevoked()
    },
  })
  return (
    <Modal
      title={`Revoke the key of ${name}?`}
      onDismiss={onClose}
      actions={
        <>
          <Button appearance="primary" disabledFocusable={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <ul className={styles.list}>
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
      </ul>
      <div aria-live="assertive">{revoke.error && <FailureBar error={revoke.error} />}</div>
    </Modal>
  )
}
