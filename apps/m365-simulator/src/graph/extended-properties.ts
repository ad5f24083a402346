import type { Settings } from '../faults/settings.ts'
import type { StoredMessage } from '../state/events.ts'

type ExtendedProperty = StoredMessage['extendedProperties'][number]

/** Those Exchange knows of: with the search set to `ignored`, the ones in a body of `sendMail` never took effect. */
export function knownProperties(
  message: StoredMessage,
  search: Settings['extendedPropertySearch'],
): readonly ExtendedProperty[] {
  const tookEffect = search !== 'ignored' || message.isDraft || message.isFromDraft
  return tookEffect ? message.extendedProperties : []
}

/** Type, GUID and tag may be in any case, the name may not. The same key means the same property. */
export function propertyKey(id: string): string {
  const named = /^(\w+ \{[0-9a-f-]+\} name )(.+)$/i.exec(id)
  return named === null ? id.toLowerCase() : `${named[1]?.toLowerCase()}${named[2]}`
}
