import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { versionQuery } from '../api/version.ts'

const useStyles = makeStyles({
  foot: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    textAlign: 'right',
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground1,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    ...typographyStyles.caption1,
  },
})

/** Shows at the foot of every page which version answers. */
export function Version() {
  const styles = useStyles()
  const { data: version } = useQuery(versionQuery)
  return <footer className={styles.foot}>{version ? `Inforiver Mail ${version}` : '\u00A0'}</footer>
}
