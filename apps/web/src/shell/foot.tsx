import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { versionQuery } from '../api/version.ts'
import { PRODUCT } from '../ui/page-heading.tsx'
import { LanguageSelect } from './language-select.tsx'

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
