import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import { CopyRegular } from '@fluentui/react-icons/svg/copy'
import { useState } from 'react'
import { adminConsentUrl } from '../routes.ts'

const useStyles = makeStyles({
  copy: {
    marginTop: tokens.spacingVerticalS,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
})

/** The way for an Entra administrator, who need not be the admin at this page. */
export function AdminConsentLink({ largeAttachments }: { largeAttachments: boolean }) {
  const styles = useStyles()
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null)
  const url = adminConsentUrl(location.origin, { largeAttachments })

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(url)
      setCopied('yes')
    } catch {
      setCopied('no') // not allowed, or not there on a page without https
    }
  }

  return (
    <>
      An Entra administrator may have to approve this once for the organisation, also in another browser, at{' '}
      <Link inline href={url} target="_blank" rel="noreferrer">
        {url}
      </Link>
      <span className={styles.copy}>
        <Button size="small" icon={<CopyRegular />} onClick={() => void copy()}>
          Copy link
        </Button>
        <output>
          {copied === 'yes' && 'Copied.'}
          {copied === 'no' && 'The browser did not allow copying: select the address above.'}
        </output>
      </span>
    </>
  )
}
