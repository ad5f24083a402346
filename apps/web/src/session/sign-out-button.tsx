import { Button } from '@fluentui/react-components'
import { signOut } from '@inforiver-mail/contract/session'
import { useMutation } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { PAGES } from '../routes.ts'

export function SignOutButton() {
  const leave = useMutation({
    mutationFn: () => call(signOut, {}),
    // A fresh document, so that nothing of the session stays in memory.
    onSuccess: () => location.assign(PAGES.home),
  })
  return (
    <>
      {leave.error && <span role="alert">Signing out did not work. Try again.</span>}
      <Button appearance="subtle" disabledFocusable={leave.isPending} onClick={() => leave.mutate()}>
        Sign out
      </Button>
    </>
  )
}
