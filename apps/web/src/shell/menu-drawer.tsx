import { Button, DrawerBody, DrawerHeader, DrawerHeaderTitle, OverlayDrawer } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss'
import { useSession } from '../session/session-context.ts'
import { MainMenu } from './main-menu.tsx'

/** The menu on a narrow screen. */
export function MenuDrawer({ onClose }: { onClose: () => void }) {
  const { user } = useSession()
  return (
    <OverlayDrawer open position="start" size="small" onOpenChange={onClose}>
      <DrawerHeader>
        <DrawerHeaderTitle
          action={<Button appearance="subtle" icon={<DismissRegular />} aria-label="Close menu" onClick={onClose} />}
        >
          Menu
        </DrawerHeaderTitle>
      </DrawerHeader>
      <DrawerBody>
        <nav aria-label="Main">
          <MainMenu onNavigate={onClose} />
        </nav>
        <p>Signed in as {user.name || user.email}</p>
      </DrawerBody>
    </OverlayDrawer>
  )
}
