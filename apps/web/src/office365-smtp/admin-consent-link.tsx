import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import { CopyRegular } from '@fluentui/react-icons/svg/copy'
import { useState } from 'react'
import { adminConsentUrl } from '../routes.ts'

const useStyles = makeStyles({
  text: { margin: 0, overflowWrap: 'anywhere' },
  copy: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
})

/** The way for an Entra administrator, who need not be the admin at this page. */
export function AdminConsentLink({ largeAttachments }: { largeAttachments: boolean }) {
  const styles = useStyles()
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null)
  const url = adminConsentUrl(location.origin, { largeAttachments })

  function copy(): void {
    navigator.clipboard.writeText(url).then(
      () => setCopied('yes'),
      () => setCopied('no'),
    )
  }

  return (
    <>
      <p className={styles.text}>
        An Entra administrator may have to approve this once for the organisation, at this address, also in another
        browser:{' '}
        <Link inline href={url} target="_blank" rel="noreferrer">
          {url}
        </Link>
      </p>
      <div className={styles.copy}>
        <Button size="small" icon={<CopyRegular />} onClick={copy}>
          Copy link
        </Button>
        <output>
          {copied === 'yes' && 'Copied.'}
          {copied === 'no' && 'The browser did not allow copying: select the address above.'}
        </output>
      </div>
    </>
  )
}
