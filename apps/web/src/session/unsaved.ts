import { z } from 'zod'
import { WatchedConsent } from '../office365-smtp/consent-watch.ts'
import { SenderDraft } from '../office365-smtp/sender-draft.ts'

const KEY = 'inforiver-mail-unsaved'

/** What a full-page round trip to Microsoft, or a reload on the way, would lose. */
export const Unsaved = z.strictObject({
  /** Whose it is: somebody else who signs in meanwhile does not get it. */
  userEmail: z.string(),
  draft: SenderDraft,
  /** The consent that is pending meanwhile, if one is. */
  consent: WatchedConsent.nullable(),
})
export type Unsaved = z.infer<typeof Unsaved>

export interface UnsavedMemory {
  /** What is unsaved now; at the start, what an earlier leave kept. */
  readonly held: () => Unsaved | null
  readonly hold: (unsaved: Unsaved | null) => void
  /** Keeps what is held until the page is there again, in this tab only. */
  readonly keep: (consent: WatchedConsent | null) => void
}

/** Takes what was kept out of `storage`, so that it survives one round trip and no longer. */
export function createUnsavedMemory(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): UnsavedMemory {
  let held = parse(storage.getItem(KEY))
  storage.removeItem(KEY)
  return {
    held: () => held,
    hold: (unsaved) => {
      held = unsaved
    },
    keep: (consent) => {
      if (held) storage.setItem(KEY, JSON.stringify({ ...held, consent } satisfies Unsaved))
    },
  }
}

function parse(kept: string | null): Unsaved | null {
  if (kept === null) return null
  try {
    return Unsaved.safeParse(JSON.parse(kept)).data ?? null
  } catch {
    return null
  }
}
