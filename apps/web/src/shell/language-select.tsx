import { Label, makeStyles, Select, tokens } from '@fluentui/react-components'
import { useId, useState } from 'react'
import { useLanguageStore, useTranslate } from '../language/language.tsx'
import { isLanguage, LANGUAGES, OFFERED_LANGUAGES, type LanguageCode } from '../language/languages.ts'
import { LiveRegion } from '../ui/live-region.tsx'

const useStyles = makeStyles({
  field: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS },
})

/** Chooses the language of the page, each by its own name, so that everybody finds theirs. */
export function LanguageSelect() {
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
      <div className={styles.field}>
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
