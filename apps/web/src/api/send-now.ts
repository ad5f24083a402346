import { sendNow } from '@inforiver-mail/contract/usage'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from './call.ts'
import { noticesQuery, overviewQuery, settingsQuery, usageQuery } from './queries.ts'

/** Ends the pause of the mailbox, and reads again what said that there is one. */
export function useSendNow() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => call(sendNow, {}),
    onSuccess: async (usage) => {
      queryClient.setQueryData(usageQuery.queryKey, usage)
      void queryClient.invalidateQueries(noticesQuery)
      await Promise.all([queryClient.invalidateQueries(overviewQuery), queryClient.invalidateQueries(settingsQuery)])
    },
  })
}
