import { Link as FluentLink, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { PAGES } from '../routes.ts'
import { PageHeading } from './page-heading.tsx'

const useStyles = makeStyles({
  page: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXL },
  form: { maxWidth: '760px' },
  table: { maxWidth: '960px' },
  log: { maxWidth: '1200px' },
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

/** The parts of a page, one below the other; its width follows from what it mainly holds. */
export function Page({ width, children }: { width: 'form' | 'table' | 'log'; children: ReactNode }) {
  const styles = useStyles()
  return <div className={mergeClasses(styles.page, styles[width])}>{children}</div>
}

interface PageIntroProps {
  /** What the page belongs to. */
  above?: ReactNode
  title: string
  /** The name of the page in the path, where its title is longer than that. */
  shortTitle?: string
  badge?: ReactNode
  /** What the page is for, in a sentence. */
  children?: ReactNode
}

/** The beginning of a page: where it belongs, what it is. */
export function PageIntro({ above, title, shortTitle = title, badge, children }: PageIntroProps) {
  const styles = useStyles()
  return (
    <div className={styles.intro}>
      {above && (
        <nav aria-label="Breadcrumb">
          <ol className={styles.path}>
            <li>{above}</li>
            <li aria-hidden>›</li>
            <li aria-current="page">{shortTitle}</li>
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

/** What the pages under Tenant Settings belong to, in their path. */
export function TenantSettingsLink() {
  return (
    <Link href={PAGES.office365Smtp} asChild>
      <FluentLink inline>Tenant Settings</FluentLink>
    </Link>
  )
}
