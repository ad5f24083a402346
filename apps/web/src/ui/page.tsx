import {
  Button,
  Link as FluentLink,
  type LinkProps,
  makeStyles,
  mergeClasses,
  MessageBar,
  MessageBarBody,
  Spinner,
  tokens,
  typographyStyles,
} from '@fluentui/react-components'
import { Component, type ReactNode, useEffect, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { useTranslate } from '../language/language.tsx'
import { failureText, problemCode } from '../api/failure.ts'
import { RequestId } from './values.tsx'
import type { UseQueryResult } from '@tanstack/react-query'
import { useLoadError } from '../api/queries.ts'
import { BarActions } from './notice.tsx'
import { ButtonRow, Paragraph } from './layout.tsx'

const useStyles = makeStyles({
  heading: {
    ...typographyStyles.title2,
    margin: 0,
    overflowWrap: 'anywhere',
    // "Mandanteneinstellungen" is as wide as a phone.
    '@media (max-width: 480px)': typographyStyles.title3,
    // It takes the focus after a change of page, for screen readers only.
    outlineStyle: 'none',
    color: tokens.colorNeutralForeground1,
  },
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
  pageHeading: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: `${tokens.spacingVerticalXS} ${tokens.spacingHorizontalM}`,
  },
  state: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalL,
    maxWidth: '640px',
  },
  loading: { padding: `${tokens.spacingVerticalXXXL} 0` },
})

/** The product's name is the same in every language. */
export const PRODUCT = 'Inforiver Mail'

/** Renders the `h1` of a page and sets the title of the window. */
export function PageHeading({ title }: { title: string }) {
  const styles = useStyles()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (isWaitingForHeading()) heading.current?.focus()
  }, [])
  useEffect(() => {
    document.title = title === PRODUCT ? PRODUCT : `${title} - ${PRODUCT}`
  }, [title])
  return (
    <h1 ref={heading} className={styles.heading} tabIndex={-1}>
      {/* The subject of a message may be in a language of the other direction. */}
      <bdi>{title}</bdi>
    </h1>
  )
}

/** The id of `main`, the element beside the menu that holds the page. */
export const CONTENT_ID = 'content'

/** Moves the focus to the heading of a new page, since a screen reader does not notice client-side navigation. */
export function useFocusOnNewPage(): void {
  const [location] = useLocation()
  const shown = useRef(location)
  useEffect(() => {
    if (shown.current === location) return
    shown.current = location
    // What was left for a part of the page, such as a row of a list, has it back without scrolling.
    const left = document.querySelector<HTMLElement>(`#${CONTENT_ID} [data-takes-focus]`)
    if (left?.checkVisibility()) {
      left.focus({ preventScroll: true })
      return
    }
    const heading = document.querySelector<HTMLElement>(`#${CONTENT_ID} h1`)
    if (heading) heading.focus()
    else focusContent() // the heading takes it over when it is rendered
  }, [location])
}

/** True while the focus is where `useFocusOnNewPage` left it for a heading to come. */
function isWaitingForHeading(): boolean {
  return document.activeElement?.id === CONTENT_ID
}

export function focusContent(): void {
  document.querySelector<HTMLElement>(`#${CONTENT_ID}`)?.focus()
}

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
      <div className={styles.pageHeading}>
        <PageHeading title={title} />
        {badge}
      </div>
      {children && <Paragraph muted>{children}</Paragraph>}
    </div>
  )
}

/** Leads to a page of the app, without loading the document again. */
export function PageLink({
  href,
  children,
  ...look
}: { href: string } & Pick<LinkProps, 'children' | 'inline' | 'className'>) {
  return (
    <Link href={href} asChild>
      <FluentLink {...look}>{children}</FluentLink>
    </Link>
  )
}

/** Renders a page with a single message, such as "not found" or a failure. */
export function PageState({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  const styles = useStyles()
  return (
    <div className={styles.state}>
      <PageHeading title={title} />
      {children}
      {actions && <ButtonRow>{actions}</ButtonRow>}
    </div>
  )
}

export function PageLoading({ label }: { label: string }) {
  const styles = useStyles()
  return (
    <div className={styles.loading}>
      <Spinner label={label} labelPosition="below" />
    </div>
  )
}

/** Replaces a page whose first call failed. */
export function PageFailure({ error, onRetry, retrying }: { error: Error; onRetry: () => void; retrying: boolean }) {
  const t = useTranslate()
  const { title, detail, requestId } = failureText(error, t)
  return (
    <PageState
      title={title}
      actions={
        <Button appearance="primary" disabledFocusable={retrying} onClick={onRetry}>
          {t(retrying ? 'ui.retrying' : 'ui.retry')}
        </Button>
      }
    >
      <Paragraph role="alert">
        {detail} <RequestId label={t('ui.request-id')} value={requestId} />
      </Paragraph>
    </PageState>
  )
}

/** Replaces a page whose scripts could not be loaded: the server is away, or it has a newer build. */
export function PageNotLoaded({ onRetry, retrying }: { onRetry: () => void; retrying: boolean }) {
  const t = useTranslate()
  return (
    <PageState
      title={t('ui.not-loaded.title')}
      actions={
        <>
          <Button appearance="primary" disabledFocusable={retrying} onClick={onRetry}>
            {t('ui.retry')}
          </Button>
          <Button onClick={() => location.reload()}>{t('ui.reload')}</Button>
        </>
      }
    >
      <Paragraph role="alert">{t('ui.not-loaded.text')}</Paragraph>
    </PageState>
  )
}

/** Whether the data shown is up to date. */
export interface Freshness {
  readonly refreshError: Error | null
  readonly onRefresh: () => void
}

interface Props<Data> {
  /** Breadcrumb and title, for a page that has no data to show. */
  parent: ReactNode
  title: string
  query: UseQueryResult<Data>
  /** The label while the first answer is awaited. */
  loading: string
  children: (data: Data, freshness: Freshness) => ReactNode
}

/** Renders a page from one query; until there is data, its loading state or its failure. */
export function QueryPage<Data>({ parent, title, query, loading, children }: Props<Data>) {
  const { data, isFetching } = query
  const error = useLoadError(query)
  const onRefresh = () => void query.refetch()
  if (problemCode(error) === 'office365-smtp-disabled') {
    return <DisabledPage parent={parent} title={title} onRetry={onRefresh} />
  }
  if (data !== undefined) return children(data, { refreshError: error, onRefresh })
  if (error) return <PageFailure error={error} retrying={isFetching} onRetry={onRefresh} />
  return <PageLoading label={loading} />
}

interface DisabledPageProps {
  parent: ReactNode
  title: string
  onRetry: () => void
}

/** Replaces every page while the installation does not use Office 365 SMTP. */
function DisabledPage({ parent, title, onRetry }: DisabledPageProps) {
  const t = useTranslate()
  return (
    <Page width="form">
      <PageIntro parent={parent} title={title} />
      <Paragraph>{t.rich('ui.closed.text', { code: (content) => <code>{content}</code> })}</Paragraph>
      <div>
        <FluentLink as="button" onClick={onRetry}>
          {t('ui.closed.check-again')}
        </FluentLink>
      </div>
    </Page>
  )
}

interface PartNotLoadedProps {
  onRetry: () => void
  retrying: boolean
  onDismiss?: () => void
}

/** Stands in for a part of a page whose scripts could not be loaded: the server is away, or it has a newer build. */
export function PartNotLoaded({ onRetry, retrying, onDismiss }: PartNotLoadedProps) {
  const t = useTranslate()
  return (
    <MessageBar intent="error" layout="multiline">
      <MessageBarBody role="alert">{t('ui.not-loaded.text')}</MessageBarBody>
      <BarActions onDismiss={onDismiss}>
        <Button disabledFocusable={retrying} onClick={onRetry}>
          {t('ui.retry')}
        </Button>
      </BarActions>
    </MessageBar>
  )
}

interface ErrorBoundaryProps {
  fallback: ReactNode
  children: ReactNode
}

/** Shows something else once what it holds has a defect, or failed to load because the server has a newer build. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true }
  }

  override render(): ReactNode {
    return this.state.broken ? this.props.fallback : this.props.children
  }
}
