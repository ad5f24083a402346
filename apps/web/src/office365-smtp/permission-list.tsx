import { makeStyles, tokens } from '@fluentui/react-components'
import { permissionWords } from './permission-words.ts'

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalXS },
  name: { fontWeight: tokens.fontWeightSemibold },
})

/** Permissions by Microsoft's name, each with what it allows. */
export function PermissionList({ permissions }: { permissions: readonly string[] }) {
  const styles = useStyles()
  return (
    <ul className={styles.list}>
      {permissions.map((permission) => (
        <li key={permission}>
          <span className={styles.name}>{permission}</span>
          {': '}
          {permissionWords(permission) ?? 'A permission that Inforiver Mail does not use.'}
        </li>
      ))}
    </ul>
  )
}
