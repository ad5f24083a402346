import { Link as FluentLink, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { PageHeading } from './page-heading.tsx'

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
  form: { maxWidth: '760px' },
  table: { maxWidth: '960px' },
  log: { maxWidth: '1200px' },
  wide: { maxWidth: '1600px' },
  intro: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  path: {
    margin: 0,
    padding: 0,
    display: 'flex',
    flexWrap: 'wrap',
    gap: `0 ${tokens.spacingHorizontalS}`,
    listStyleType: 'none',
    color: tokens.colorNeutralForeground2,
  },
  heading: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
  },
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
})

/** Stacks the parts of a page. Its width depends on what it mainly contains. */
export function Page({ width, children }: { width: 'form' | 'table' | 'log' | 'wide'; children: ReactNode }) {
  const styles = useStyles()
  return <div className={mergeClasses(styles.page, styles[width])}>{children}</div>
}

interface PageIntroProps {
  parent?: ReactNode
  title: string
  /** Names the page in the breadcrumb when its title is too long. */
  shortTitle?: string
  badge?: ReactNode
  /** One sentence on what the page is for. */
  children?: ReactNode
}

/** Renders the top of a page: breadcrumb, heading and purpose. */
export function PageIntro({ parent, title, shortTitle = title, badge, children }: PageIntroProps) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <div className={styles.intro}>
      {parent && (
        <nav aria-label={t('ui.breadcrumb')}>
          <ol className={styles.path}>
            <li>{parent}</li>
            <li aria-hidden>›</li>
            <li aria-current="page">
              <bdi>{shortTitle}</bdi>
            </li>
          </ol>
        </nav>
      )}
      <div className={styles.heading}>
        <PageHeading title={title} />
        {badge}
      </div>
      {children && <p className={styles.text}>{children}</p>}
    </div>
  )
}

/** Renders the breadcrumb's parent of every page under Tenant Settings. */
export function TenantSettingsLink() {
  const t = useTranslate()
  return (
    <Link href={PAGES.office365Smtp} asChild>
      <FluentLink inline>{t('ui.tenant-settings')}</FluentLink>
    </Link>
  )
}
