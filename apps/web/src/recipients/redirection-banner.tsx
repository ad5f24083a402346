import { makeStyles, tokens } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { recipientsPolicyQuery } from '../api/queries.ts'
import { useTranslate } from '../language/language.tsx'
import { PAGES } from '../routes.ts'
import { Notice } from '../ui/notice.tsx'
import { PageLink } from '../ui/page.tsx'

const useStyles = makeStyles({
  banner: { maxWidth: '960px', marginBottom: tokens.spacingVerticalXL },
})

/** Says on every page that mail does not reach its recipients, as long as it is redirected. */
export function RedirectionBanner() {
  const styles = useStyles()
  const t = useTranslate()
  const { data } = useQuery(recipientsPolicyQuery)
  const address = data?.redirectAllTo ?? null
  return (
    <div aria-live="polite">
      {address !== null && (
        <div className={styles.banner}>
          <Notice intent="warning" title={t('shell.redirection.title', { address })}>
            <span>
              {t.rich('shell.redirection.text', {
                link: (content) => (
                  <PageLink href={PAGES.recipients} inline>
                    {content}
                  </PageLink>
                ),
              })}
            </span>
          </Notice>
        </div>
      )}
    </div>
  )
}
