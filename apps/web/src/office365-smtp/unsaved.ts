import { z } from 'zod'
import type { UnsavedMemory } from '../environment.ts'
import { WatchedConsent } from './consent-watch.ts'
import { SenderDraft } from './sender-draft.ts'

/** What this page would lose when it is left for another one, by a round trip to Microsoft, or by a reload on the way. */
export const Unsaved = z.strictObject({
  /** Nobody else who signs in meanwhile gets it. */
  userEmail: z.string(),
  draft: SenderDraft,
  /** The consents that this page started and has not seen completed, newest first. */
  consents: z.array(WatchedConsent),
})
export type Unsaved = z.infer<typeof Unsaved>

export function readUnsaved(memory: UnsavedMemory, userEmail: string): Unsaved | null {
  const { data } = Unsaved.safeParse(memory.held('settings'))
  return data?.userEmail === userEmail ? data : null
}
