import { Button } from '@fluentui/react-components'
import { signOut } from '@inforiver-mail/contract/session'
import { useMutation } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { problemCode } from '../api/failure.ts'
import { PAGES } from '../routes.ts'

export function SignOutButton() {
  const leave = useMutation({
    mutationFn: () => call(signOut, {}),
    onSuccess: leavePage,
    onError: (error) => {
      if (problemCode(error) === 'not-signed-in') leavePage()
    },
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

/** Loads a fresh document, so that nothing of the session stays in memory. */
function leavePage(): void {
  location.assign(PAGES.home)
}
