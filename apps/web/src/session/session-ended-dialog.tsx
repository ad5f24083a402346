import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
} from '@fluentui/react-components'
import { currentPath, signInUrl } from '../routes.ts'
import { useSurroundings } from '../surroundings.ts'

/** Over a page whose session has ended: signing in leads back to it, with what was entered. */
export function SessionEndedDialog() {
  const { unsaved } = useSurroundings()

  function signInAgain(): void {
    unsaved.keep(null)
    location.assign(signInUrl(currentPath(location)))
  }

  return (
    <Dialog open modalType="alert">
      <DialogSurface>
        <DialogBody>
          <DialogTitle>Your session has ended</DialogTitle>
          <DialogContent>Sign in again to go on where you were. What you entered is kept.</DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={signInAgain}>
              Sign in again
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
