import { sendNow } from '@inforiver-mail/contract/usage'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call } from './call.ts'
import { MESSAGES, noticesQuery, overviewQuery, settingsQuery, usageQuery } from './queries.ts'

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
