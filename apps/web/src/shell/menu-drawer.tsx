import { Button } from '@fluentui/react-components'
import { useSession } from '../session/session-context.ts'
import { MainMenu } from './main-menu.tsx'
import { Modal } from './modal.tsx'

/** The menu on a narrow screen. */
export function MenuDrawer({ onClose }: { onClose: () => void }) {
  const { user } = useSession()
  return (
    <Modal
      title="Inforiver Mail"
      placement="start"
      onDismiss={onClose}
      actions={
        <Button appearance="subtle" onClick={onClose}>
          Close menu
        </Button>
      }
    >
      <nav aria-label="Main">
        <MainMenu onNavigate={onClose} />
      </nav>
      <span>Signed in as {user.name || user.email}</span>
    </Modal>
  )
}
