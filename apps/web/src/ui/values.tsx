import { useTranslate } from '../language/language.tsx'
import type { TimeFormat } from '../language/translate.ts'
import { Button, Link, makeStyles, tokens } from '@fluentui/react-components'
import { shownAddress, splitAtLinks } from './links-in-text.ts'
import { Fragment, type ReactNode, useState } from 'react'
import { CopyRegular } from '@fluentui/react-icons/svg/copy'

const useStyles = makeStyles({
  id: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  value: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: 'anywhere' },
  facts: {
    margin: 0,
    display: 'grid',
    gridTemplateColumns: 'minmax(120px, max-content) 1fr',
    gap: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalXL}`,
    '@media (max-width: 640px)': { gridTemplateColumns: '1fr', rowGap: 0 },
  },
  name: { color: tokens.colorNeutralForeground2 },
  factListValue: {
    margin: 0,
    '@media (max-width: 640px)': { marginBottom: tokens.spacingVerticalM },
  },
  copy: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalM,
  },
})

/** Shows a moment in the reader's time zone. */
export function LocalTime({ at, format = 'long' }: { at: string; format?: TimeFormat }) {
  return <time dateTime={at}>{useTranslate().time(at, format)}</time>
}

/** Turns web addresses in a text into links; a long address is shortened. `lang` is given where it is not the page's. */
export function LinkedText({ text, lang }: { text: string; lang?: string | undefined }) {
  return (
    <span lang={lang}>
      {splitAtLinks(text).map((piece, index) =>
        index % 2 === 1 ? (
          // oxlint-disable-next-line react/no-array-index-key -- the pieces of one text never move
          <Link key={index} inline href={piece} target="_blank" rel="noreferrer" title={piece}>
            {shownAddress(piece)}
          </Link>
        ) : (
          piece
        ),
      )}
    </span>
  )
}

/** Shows an id to quote in a support request; renders nothing when there is none. */
export function RequestId({ label, value }: { label: string; value: string | null }) {
  const styles = useStyles()
  if (!value) return null
  return (
    <span className={styles.id}>
      {label}: <span className={styles.value}>{value}</span>
    </span>
  )
}

interface Fact {
  readonly name: string
  /** A fact with a falsy value is left out. */
  readonly value: ReactNode
}

export function FactList({ facts }: { facts: readonly Fact[] }) {
  const styles = useStyles()
  return (
    <dl className={styles.facts}>
      {facts.map(
        ({ name, value }) =>
          value && (
            <Fragment key={name}>
              <dt className={styles.name}>{name}</dt>
              <dd className={styles.factListValue}>{value}</dd>
            </Fragment>
          ),
      )}
    </dl>
  )
}

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
