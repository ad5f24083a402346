import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'

interface Options<Created> {
  /** Of the list that it becomes a part of. */
  readonly queryKey: QueryKey
  readonly create: () => Promise<Created>
  readonly onCreated: (created: Created) => void
  readonly onError?: () => void
}

/** Makes something whose secret is in the answer, and nowhere afterwards. */
export function useSecretCreation<Created>({ queryKey, create, onCreated, onError }: Options<Created>) {
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
