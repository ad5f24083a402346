import { makeStyles, tokens } from '@fluentui/react-components'
import type { GraphAuth } from '../environment.ts'
import { useTranslate } from '../language/language.tsx'
import { permissionText } from './connection-text.ts'

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: tokens.spacingVerticalXS },
  name: { fontWeight: tokens.fontWeightSemibold },
})

interface Props {
  permissions: readonly string[]
  graphAuth: GraphAuth
  /** The person who gave access; null before anybody has. */
  person?: string | null
}

/** Lists permissions by Microsoft's names, each with what it allows. */
export function PermissionList({ permissions, graphAuth, person = null }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <ul className={styles.list}>
      {permissions.map((permission) => (
        <li key={permission}>
          {t.rich('settings.permission', {
            permission,
            text: permissionText(permission, graphAuth, person, t) ?? t('settings.permission.unused'),
            name: (content) => <span className={styles.name}>{content}</span>,
          })}
        </li>
      ))}
    </ul>
  )
}
