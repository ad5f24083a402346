import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { AlertRegular } from '@fluentui/react-icons/svg/alert'
import { HistoryRegular } from '@fluentui/react-icons/svg/history'
import { KeyRegular } from '@fluentui/react-icons/svg/key'
import { MailMultipleRegular } from '@fluentui/react-icons/svg/mail-multiple'
import { PeopleRegular } from '@fluentui/react-icons/svg/people'
import { SettingsRegular } from '@fluentui/react-icons/svg/settings'
import { Link, useLocation } from 'wouter'
import { MENU, type MenuLabel, menuLabelAt } from '../routes.ts'
import { useSession } from '../session/session.ts'
import { Modal } from '../ui/modal.tsx'

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalXXS },
  item: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: 'none',
    '& svg': { fontSize: tokens.fontSizeBase500 },
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  current: {
    // A border marks the current page, because forced colors remove backgrounds.
    borderLeft: `3px solid ${tokens.colorCompoundBrandStroke}`,
    paddingLeft: `calc(${tokens.spacingHorizontalM} - 3px)`,
    backgroundColor: tokens.colorNeutralBackground1Selected,
    fontWeight: tokens.fontWeightSemibold,
    '& svg': { color: tokens.colorCompoundBrandForeground1 },
  },
})

const ICONS = {
  Settings: SettingsRegular,
  Recipients: PeopleRegular,
  'Service keys': KeyRegular,
  Alerts: AlertRegular,
  Messages: MailMultipleRegular,
  'Audit log': HistoryRegular,
} as const satisfies Record<MenuLabel, unknown>

export function MainMenu({ onNavigate }: { onNavigate?: () => void }) {
  const styles = useStyles()
  const [location] = useLocation()
  const currentLabel = menuLabelAt(location)
  return (
    <ul className={styles.list}>
      {MENU.map(({ label, page }) => {
        const Icon = ICONS[label]
        const current = label === currentLabel
        return (
          <li key={label}>
            <Link
              href={page}
              className={mergeClasses(styles.item, current && styles.current)}
              aria-current={current ? 'page' : undefined}
              onClick={onNavigate}
            >
              <Icon aria-hidden />
              {label}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

/** Shows the menu on a narrow screen. */
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
