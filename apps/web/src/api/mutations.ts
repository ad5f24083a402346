import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { problemCode } from './failure.ts'
import { sendNow } from '@inforiver-mail/contract/usage'
import { call } from './call.ts'
import { MESSAGES, noticesQuery, overviewQuery, settingsQuery, usageQuery } from './queries.ts'

interface RemovalOptions {
  /** The query of the list, whose answer has `items`. */
  readonly queryKey: QueryKey
  readonly remove: (id: string) => Promise<unknown>
  readonly onRemoved: () => void
}

/** Removes an item on the server, then from the cached list. */
export function useRemoval({ queryKey, remove, onRemoved }: RemovalOptions) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: async (id: string) => {
      try {
        await remove(id)
      } catch (error) {
        // Another admin removed it first, which is the same outcome.
        if (problemCode(error) !== 'not-found') throw error
      }
    },
    onSuccess: async (_answer, id) => {
      // A read that started before must not restore it.
      await queryClient.cancelQueries({ queryKey })
      queryClient.setQueryData<{ items: readonly { id: string }[] }>(
        queryKey,
        (list) => list && { items: list.items.filter((item) => item.id !== id) },
      )
      void queryClient.invalidateQueries({ queryKey })
      onRemoved()
    },
  })
}

interface SecretCreationOptions<Created> {
  /** The query of the list that it is added to. */
  readonly queryKey: QueryKey
  readonly create: () => Promise<Created>
  readonly onCreated: (created: Created) => void
}

/** Creates something whose secret only this answer contains. */
export function useSecretCreation<Created>({ queryKey, create, onCreated }: SecretCreationOptions<Created>) {
  const queryClient = useQueryClient()
  const creation = useMutation({
    mutationFn: create,
    gcTime: 0, // the secret leaves memory with the dialog that shows it
    onSuccess: (created) => {
      void queryClient.invalidateQueries({ queryKey })
      onCreated(created)
    },
  })
  /** Forgets a refusal, which an entry may have answered; a request under way goes on, and has the only copy of the secret. */
  const forgetRefusal = () => {
    if (!creation.isPending) creation.reset()
  }
  return { create: creation.mutate, isPending: creation.isPending, error: creation.error, forgetRefusal }
}

/** Ends the pause of the mailbox, calls back, and reads again what said that there is one. */
export function useSendNow(onEnded?: () => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => call(sendNow, {}),
    onSuccess: async (usage) => {
      queryClient.setQueryData(usageQuery.queryKey, usage)
      onEnded?.()
      void queryClient.invalidateQueries(noticesQuery)
      void queryClient.invalidateQueries({ queryKey: MESSAGES })
      await Promise.all([queryClient.invalidateQueries(overviewQuery), queryClient.invalidateQueries(settingsQuery)])
    },
  })
}
