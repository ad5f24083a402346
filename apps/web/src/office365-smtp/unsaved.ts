import { z } from 'zod'
import type { UnsavedMemory } from '../environment.ts'
import { WatchedConsent } from './consent-watch.ts'
import { SenderDraft } from './sender-draft.ts'

/** What this page would lose by a round trip to Microsoft, or by a reload on the way. */
export const Unsaved = z.strictObject({
  /** Nobody else who signs in meanwhile gets it. */
  userEmail: z.string(),
  draft: SenderDraft,
  /** The consent that was pending when the page was left, if one was. */
  consent: WatchedConsent.nullable(),
})
export type Unsaved = z.infer<typeof Unsaved>

export function readUnsaved(memory: UnsavedMemory): Unsaved | null {
  return Unsaved.safeParse(memory.held()).data ?? null
}
