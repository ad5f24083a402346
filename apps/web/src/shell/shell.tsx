import {
  Button,
  Label,
  Link as FluentLink,
  makeStyles,
  mergeClasses,
  Select,
  tokens,
  typographyStyles,
} from '@fluentui/react-components'
import { NavigationRegular } from '@fluentui/react-icons/svg/navigation'
import { type ReactNode, useId, useState } from 'react'
import { useAppEnvironment } from '../environment.ts'
import { useLanguageStore, useTranslate } from '../language/language.tsx'
import { SignOutButton, useSession } from '../session/session.tsx'
import mark from '../ui/mark.svg'
import { useKeptFocus } from '../ui/kept-focus.ts'
import { CONTENT_ID, PRODUCT, useFocusOnNewPage } from '../ui/page.tsx'
import { AlertRegular } from '@fluentui/react-icons/svg/alert'
import { HistoryRegular } from '@fluentui/react-icons/svg/history'
import { HomeRegular } from '@fluentui/react-icons/svg/home'
import { KeyRegular } from '@fluentui/react-icons/svg/key'
import { LaptopRegular } from '@fluentui/react-icons/svg/laptop'
import { MailMultipleRegular } from '@fluentui/react-icons/svg/mail-multiple'
import { PeopleRegular } from '@fluentui/react-icons/svg/people'
import { SettingsRegular } from '@fluentui/react-icons/svg/settings'
import { Link, useLocation } from 'wouter'
import { MENU, type MenuItem, menuItemAt } from '../routes.ts'
import { Modal } from '../ui/dialogs.tsx'
import { useQuery } from '@tanstack/react-query'
import { versionQuery } from '../api/queries.ts'
import { isLanguage, type LanguageCode, LANGUAGES, OFFERED_LANGUAGES } from '../language/languages.ts'
import { LiveRegion } from '../ui/notice.tsx'
import { startEdge } from '../ui/styles.ts'

const WIDE = '@media (min-width: 768px)'

const useStyles = makeStyles({
  shell: { flex: 1, display: 'flex', flexDirection: 'column' },
  skip: {
    position: 'absolute',
    insetInlineStart: tokens.spacingHorizontalM,
    top: '-100px',
    zIndex: 10,
    padding: tokens.spacingHorizontalM,
    backgroundColor: tokens.colorNeutralBackground1,
    // While focused it has a line of its own, so it covers nothing.
    ':focus': { position: 'static', alignSelf: 'flex-start' },
  },
  header: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
    minHeight: '48px',
    padding: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  menuButton: { [WIDE]: { display: 'none' } },
  product: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS, ...typographyStyles.subtitle2 },
  user: {
    flex: 1,
    minWidth: 0,
    textAlign: 'end',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    color: tokens.colorNeutralForeground2,
  },
  userName: { display: 'none', [WIDE]: { display: 'inline' } },
  demo: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: `0 ${tokens.spacingHorizontalM}`,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorNeutralForeground1,
    borderBottom: `1px solid ${tokens.colorBrandStroke2}`,
  },
  body: { display: 'flex', flex: 1 },
  side: {
    display: 'none',
    [WIDE]: {
      display: 'block',
      width: '220px',
      flexShrink: 0,
      padding: tokens.spacingHorizontalM,
      backgroundColor: tokens.colorNeutralBackground1,
      borderInlineEndWidth: '1px',
      borderInlineEndStyle: 'solid',
      borderInlineEndColor: tokens.colorNeutralStroke2,
    },
  },
  main: {
    flex: 1,
    minWidth: 0,
    outlineStyle: 'none',
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXXXL}`,
    [WIDE]: { padding: `${tokens.spacingVerticalXXL} ${tokens.spacingHorizontalXXXL} 64px` },
  },
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
    ...startEdge('3px', tokens.colorCompoundBrandStroke),
    paddingInlineStart: `calc(${tokens.spacingHorizontalM} - 3px)`,
    backgroundColor: tokens.colorNeutralBackground1Selected,
    fontWeight: tokens.fontWeightSemibold,
    '& svg': { color: tokens.colorCompoundBrandForeground1 },
  },
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    ...typographyStyles.caption1,
  },
  language: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS },
})

/** Renders the frame around every page of a signed-in admin: header, menu, demo banner. */
export function Shell({ children }: { children: ReactNode }) {
  const styles = useStyles()
  const t = useTranslate()
  const { user } = useSession()
  const [menuOpen, setMenuOpen] = useState(false)
  useFocusOnNewPage()
  useKeptFocus()
  return (
    <div className={styles.shell}>
      <FluentLink className={styles.skip} href={`#${CONTENT_ID}`}>
        {t('shell.skip')}
      </FluentLink>
      <header className={styles.header}>
        <Button
          className={styles.menuButton}
          appearance="subtle"
          icon={<NavigationRegular />}
          aria-label={t('shell.open-menu')}
          aria-haspopup="dialog"
          aria-expanded={menuOpen}
          onClick={() => setMenuOpen(true)}
        />
        <span className={styles.product}>
          <img src={mark} alt="" width={24} height={24} />
          {PRODUCT}
        </span>
        <span className={styles.user}>
          <span className={styles.userName}>{user.name || user.email}</span>
        </span>
        <SignOutButton />
      </header>
      <DemoBanner />
      <div className={styles.body}>
        <nav aria-label={t('shell.main-menu')} className={styles.side}>
          <MainMenu />
        </nav>
        <main id={CONTENT_ID} tabIndex={-1} className={styles.main}>
          {children}
        </main>
      </div>
      {menuOpen && <MenuDrawer onClose={() => setMenuOpen(false)} />}
    </div>
  )
}

function DemoBanner() {
  const styles = useStyles()
  const t = useTranslate()
  const { demoUrl } = useAppEnvironment()
  if (!demoUrl) return null
  return (
    <aside aria-label={t('shell.demo.label')} className={styles.demo}>
      <span>{t('shell.demo.text')}</span>
      <FluentLink inline appearance="subtle" href={demoUrl} target="_blank" rel="noreferrer">
        {t('shell.demo.mailboxes')}
      </FluentLink>
    </aside>
  )
}

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

function MainMenu({ onNavigate }: { onNavigate?: () => void }) {
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
function MenuDrawer({ onClose }: { onClose: () => void }) {
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

/** The foot of every page: its language, and which version answers. */
export function Foot() {
  const styles = useStyles()
  const { data: version } = useQuery(versionQuery)
  return (
    <footer className={styles.foot}>
      <LanguageSelect />
      <span>{version ? `${PRODUCT} ${version}` : '\u00A0'}</span>
    </footer>
  )
}

/** Chooses the language of the page, each by its own name, so that everybody finds theirs. */
function LanguageSelect() {
  const styles = useStyles()
  const id = useId()
  const t = useTranslate()
  const { choose } = useLanguageStore()
  const [failed, setFailed] = useState(false)

  async function change(language: LanguageCode): Promise<void> {
    setFailed(false)
    try {
      await choose(language)
    } catch {
      setFailed(true)
    }
  }

  return (
    <>
      <div className={styles.language}>
        <Label htmlFor={id} size="small">
          {t('shell.language')}
        </Label>
        <Select
          id={id}
          size="small"
          value={t.language}
          onChange={(_event, { value }) => {
            if (isLanguage(value)) void change(value)
          }}
        >
          {OFFERED_LANGUAGES.map((code) => (
            <option key={code} value={code} lang={code}>
              {LANGUAGES[code].name}
            </option>
          ))}
        </Select>
      </div>
      <LiveRegion urgent>{failed && <span>{t('shell.language-failed')}</span>}</LiveRegion>
    </>
  )
}
