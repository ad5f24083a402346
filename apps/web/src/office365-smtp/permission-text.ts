import { PERMISSIONS } from '@inforiver-mail/contract/permission'
import type { GraphAuth } from '../environment.ts'
import type { Translate } from '../language/translate.ts'

/**
 * What a permission allows, as a sentence; null for one that this product never asks for.
 *
 * @param person who gave access; null before anybody has
 */
export function permissionText(name: string, graphAuth: GraphAuth, person: string | null, t: Translate): string | null {
  const permission = PERMISSIONS.find((known) => known.toLowerCase() === name.toLowerCase())
  if (!permission) return null
  const id = `settings.permission.${permission}`
  if (graphAuth === 'application') return t.known(`${id}.application`) ?? t.known(id)
  return person === null ? (t.known(`${id}.asked`) ?? t.known(id)) : t.known(id, { person })
}
