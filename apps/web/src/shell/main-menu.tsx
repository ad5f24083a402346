import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { AlertRegular } from '@fluentui/react-icons/svg/alert'
import { HistoryRegular } from '@fluentui/react-icons/svg/history'
import { HomeRegular } from '@fluentui/react-icons/svg/home'
import { KeyRegular } from '@fluentui/react-icons/svg/key'
import { LaptopRegular } from '@fluentui/react-icons/svg/laptop'
import { MailMultipleRegular } from '@fluentui/react-icons/svg/mail-multiple'
import { PeopleRegular } from '@fluentui/react-icons/svg/people'
import { SettingsRegular } from '@fluentui/react-icons/svg/settings'
import { Link, useLocation } from 'wouter'
import { useTranslate } from '../language/language.tsx'
import { MENU, type MenuItem, menuItemAt } from '../routes.ts'
import { useSession } from '../session/session.ts'
import { Modal } from '../ui/modal.tsx'
import { PRODUCT } from '../ui/page-heading.tsx'

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
    borderInlineStartWidth: '3px',
    borderInlineStartStyle: 'solid',
    borderInlineStartColor: tokens.colorCompoundBrandStroke,
    paddingInlineStart: `calc(${tokens.spacingHorizontalM} - 3px)`,
    backgroundColor: tokens.colorNeutralBackground1Selected,
    fontWeight: tokens.fontWeightSemibold,
    '& svg': { color: tokens.colorCompoundBrandForeground1 },
  },
})

const ICONS = {
  overview: HomeRegular,
  settings: SettingsRegular,
  recipients: PeopleRegular,
  'service-keys': KeyRegular,
  alerts: AlertRegular,
  messages: MailMultipleRegular,
  'audit-log': HistoryRegular,
  sessions: LaptopRegular,
} as const satisfies Record<MenuItem, unknown>

export function MainMenu({ onNavigate }: { onNavigate?: () => void }) {
  const styles = useStyles()
  const t = useTranslate()
  const [location] = useLocation()
  const currentItem = menuItemAt(location)
  return (
    <ul className={styles.list}>
      {MENU.map(({ item, page }) => {
        const Icon = ICONS[item]
        const current = item === currentItem
        return (
          <li key={item}>
            <Link
              href={page}
              className={mergeClasses(styles.item, current && styles.current)}
              aria-current={current ? 'page' : undefined}
              onClick={onNavigate}
            >
              <Icon aria-hidden />
              {t(`shell.menu.${item}`)}
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
  const t = useTranslate()
  return (
    <Modal
      title={PRODUCT}
      placement="start"
      holdsNothing
      onDismiss={onClose}
      actions={
        <Button appearance="subtle" onClick={onClose}>
          {t('shell.close-menu')}
        </Button>
      }
    >
      <nav aria-label={t('shell.main-menu')}>
        <MainMenu onNavigate={onClose} />
      </nav>
      <span>{t('shell.signed-in-as', { name: user.name || user.email })}</span>
    </Modal>
  )
}
