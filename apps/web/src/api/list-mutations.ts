import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { problemCode } from './failure.ts'

interface RemovalOptions {
  /** Of a list whose answer has `items`. */
  readonly queryKey: QueryKey
  readonly remove: (id: string) => Promise<unknown>
  readonly onRemoved: () => void
}

/** Takes an item out of a list, on the server and then in the page. */
export function useRemoval({ queryKey, remove, onRemoved }: RemovalOptions) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: async (id: string) => {
      try {
        await remove(id)
      } catch (error) {
        // Another admin was faster: it is gone all the same.
        if (problemCode(error) !== 'not-found') throw error
      }
    },
    onSuccess: async (_answer, id) => {
      // A read that set out before must not put it back.
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
  /** Of the list that it becomes a part of. */
  readonly queryKey: QueryKey
  readonly create: () => Promise<Created>
  readonly onCreated: (created: Created) => void
  readonly onError?: () => void
}

/** Makes something whose secret is in the answer, and nowhere afterwards. */
export function useSecretCreation<Created>({ queryKey, create, onCreated, onError }: SecretCreationOptions<Created>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: create,
    gcTime: 0, // not kept longer than it is shown
    onSuccess: (created) => {
      void queryClient.invalidateQueries({ queryKey })
      onCreated(created)
    },
    ...(onError && { onError }),
  })
}
