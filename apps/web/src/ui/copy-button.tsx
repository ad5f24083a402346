import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { CopyRegular } from '@fluentui/react-icons/svg/copy'
import { useState } from 'react'
import { useTranslate } from '../language/language.tsx'

const useStyles = makeStyles({
  copy: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
})

interface Props {
  label: string
  text: string
  /** A sentence that says what to do when the browser does not allow copying. */
  fallback: string
}

/** Copies a text and announces whether that worked. */
export function CopyButton({ label, text, fallback }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  const [copied, setCopied] = useState<'yes' | 'no' | null>(null)

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setCopied('yes')
    } catch {
      setCopied('no') // denied, or no clipboard because the page is not served over https
    }
  }

  return (
    <span className={styles.copy}>
      <Button size="small" icon={<CopyRegular />} onClick={() => void copy()}>
        {label}
      </Button>
      <output>
        {copied === 'yes' && t('ui.copied')}
        {copied === 'no' && `${t('ui.copy-refused')} ${fallback}`}
      </output>
    </span>
  )
}
