import { Button } from '@fluentui/react-components'
import { readSession } from '@inforiver-mail/contract/session'
import type { MouseEvent } from 'react'
import { call } from '../api/call.ts'
import { overGap, sessionGap } from '../api/session-gap.ts'
import { useTranslate } from '../language/language.tsx'

/**
 * Downloads a CSV file of the API. Where the session has ended it waits for the next sign-in, since a link alone would
 * download the refusal.
 */
export function DownloadButton({ href }: { href: string }) {
  const t = useTranslate()
  async function download(event: MouseEvent): Promise<void> {
    event.preventDefault()
    // Any other failure is the browser's to show, as that of a download.
    await overGap(sessionGap, () => call(readSession, {})).catch(() => null)
    Object.assign(document.createElement('a'), { href, download: '' }).click()
  }
  return (
    <Button as="a" href={href} download onClick={(event: MouseEvent) => void download(event)}>
      {t('ui.export')}
    </Button>
  )
}
