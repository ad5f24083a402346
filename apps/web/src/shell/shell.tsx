import { Button, Link, makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { NavigationRegular } from '@fluentui/react-icons/svg/navigation'
import { type ReactNode, useState } from 'react'
import { useAppEnvironment } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { useSession } from '../session/session.ts'
import { SignOutButton } from '../session/sign-out-button.tsx'
import mark from '../ui/mark.svg'
import { useKeptFocus } from '../ui/kept-focus.ts'
import { CONTENT_ID, PRODUCT, useFocusOnNewPage } from '../ui/page-heading.tsx'
import { MainMenu, MenuDrawer } from './main-menu.tsx'

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
      <Link className={styles.skip} href={`#${CONTENT_ID}`}>
        {t('shell.skip')}
      </Link>
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
      <Link inline appearance="subtle" href={demoUrl} target="_blank" rel="noreferrer">
        {t('shell.demo.mailboxes')}
      </Link>
    </aside>
  )
}
