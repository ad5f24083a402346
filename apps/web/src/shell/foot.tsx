import { Label, makeStyles, Select, tokens, typographyStyles } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { versionQuery } from '../api/queries.ts'
import { useLanguageStore, useTranslate } from '../language/language.tsx'
import { isLanguage, LANGUAGES, OFFERED_LANGUAGES, type LanguageCode } from '../language/languages.ts'
import { LiveRegion } from '../ui/live-region.tsx'
import { PRODUCT } from '../ui/page-heading.tsx'

const useStyles = makeStyles({
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    ...typographyStyles.caption1,
  },
  language: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS },
})

/** The foot of every page: its language, and which version answers. */
export function Foot() {
  const styles = useStyles()
  const { data: version } = useQuery(versionQuery)
  return (
    <footer className={styles.foot}>
      <LanguageSelect />
      <span>{version ? `${PRODUCT} ${version}` : '\u00A0'}</span>
    </footer>
  )
}

/** Chooses the language of the page, each by its own name, so that everybody finds theirs. */
function LanguageSelect() {
  const styles = useStyles()
  const id = useId()
  const t = useTranslate()
  const { choose } = useLanguageStore()
  const [failed, setFailed] = useState(false)

  async function change(language: LanguageCode): Promise<void> {
    setFailed(false)
    try {
      await choose(language)
    } catch {
      setFailed(true)
    }
  }

  return (
    <>
      <div className={styles.language}>
        <Label htmlFor={id} size="small">
          {t('shell.language')}
        </Label>
        <Select
          id={id}
          size="small"
          value={t.language}
          onChange={(_event, { value }) => {
            if (isLanguage(value)) void change(value)
          }}
        >
          {OFFERED_LANGUAGES.map((code) => (
            <option key={code} value={code} lang={code}>
              {LANGUAGES[code].name}
            </option>
          ))}
        </Select>
      </div>
      <LiveRegion urgent>{failed && <span>{t('shell.language-failed')}</span>}</LiveRegion>
    </>
  )
}
