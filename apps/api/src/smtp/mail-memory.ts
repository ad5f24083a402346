import { MAX_MIME_BYTES } from '@inforiver-mail/m365/mime-message'
import type { IntakeMemory } from '../domain/arriving-message.ts'
import type { BodyMemory, FreeUnused } from '../memory/body-memory.ts'
import { KEPT_ATTACHMENT_BYTES, SMALL_BODY_BYTES } from '../memory/memory-use.ts'

/** The bodies of one message; JSON of the REST API has as much. */
export const MAX_TEXT_BYTES = 6 * 1024 * 1024

/** Accounts for the memory of one mail. What would exceed the share of its service throws. */
export type MailMemory = ReturnType<typeof createMailMemory>

/**
 * What a mail may need is asked for at once, so that it is refused early or not at all. A mail that is too large to be sent
 * as it is holds memory for its bodies only, and for as long as they arrive.
 *
 * @param declaredBytes what the client announced by SIZE; null when it announced nothing
 */
export function createMailMemory(memory: BodyMemory, declaredBytes: number | null) {
  let expectedBytes = declaredBytes ?? Infinity
  let keepsSource = declaredBytes === null || declaredBytes <= MAX_MIME_BYTES
  let isSmallHeld = false
  let whole: FreeUnused | null = null
  let text: FreeUnused | null = null
  let textBytes = 0

  return {
    forIntake: {
      holdForStoring: (bytes: number) => memory.holdForStoring(bytes),
      hold: (bytes: number) => (whole === null ? memory.hold(bytes) : () => {}),
    } satisfies IntakeMemory,
    /** Whether the mail as it came is kept beside its parts, for the case that it has to be sent as it is. */
    keepsSource: (): boolean => keepsSource,
    /** Holds the memory of a mail after this many bytes have arrived. */
    arrived(totalBytes: number): void {
      if (totalBytes > expectedBytes) {
        // It was announced as smaller, and so was what is held for it.
        expectedBytes = Infinity
        isSmallHeld = false
        whole = null
      }
      if (!isSmallHeld) memory.holdSmallJson(Math.min(expectedBytes, SMALL_BODY_BYTES))
      isSmallHeld = true
      if (!keepsSource) return
      if (totalBytes > MAX_MIME_BYTES) {
        keepsSource = false
        // The attachments that are kept stay covered; large bodies ask again.
        whole?.(textBytes + KEPT_ATTACHMENT_BYTES / 2)
      } else if (totalBytes > SMALL_BODY_BYTES) {
        whole ??= memory.becomeLargeJson(Math.min(expectedBytes, MAX_MIME_BYTES) + KEPT_ATTACHMENT_BYTES / 2)
      }
    },
    /** Holds the memory of bodies of so many bytes. */
    holdText: (bytes: number): void => {
      textBytes = bytes
      if (bytes > SMALL_BODY_BYTES && !keepsSource) text ??= memory.holdLargeJson(MAX_TEXT_BYTES)
    },
    /** Gives back what a body might have taken and did not. */
    textEnded: (bytes: number): void => {
      text?.(bytes)
      text = null
    },
    /** Gives everything back, once the mail is refused and nothing of it is kept. */
    release: (): void => memory.release(),
  }
}
