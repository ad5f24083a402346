import { Button } from '@fluentui/react-components'
import { currentPath, signInUrl } from '../routes.ts'
import { Modal } from '../shell/modal.tsx'
import { useSurroundings } from '../surroundings.ts'

/** Over a page whose session has ended: signing in leads back to it, with what was entered. */
export function SessionEndedDialog() {
  const { unsaved } = useSurroundings()

  function signInAgain(): void {
    unsaved.keep(null)
    location.assign(signInUrl(currentPath(location)))
  }

  return (
    <Modal
      title="Your session has ended"
      actions={
        <Button appearance="primary" onClick={signInAgain}>
          Sign in again
        </Button>
      }
    >
      <span>Sign in again to go on where you were. What you entered is kept.</span>
    </Modal>
  )
}
