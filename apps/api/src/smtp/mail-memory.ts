import { MAX_MIME_BYTES } from '@inforiver-mail/m365/mime-message'
import type { BodyMemory } from '../memory/body-memory.ts'
import { KEPT_ATTACHMENT_BYTES, SMALL_BODY_BYTES } from '../memory/memory-use.ts'

/** The bodies of one message; JSON of the REST API has as much. */
export const MAX_TEXT_BYTES = 6 * 1024 * 1024

/** What the intake of attachments asks for. */
export type IntakeMemory = Pick<BodyMemory, 'hold' | 'holdForStoring'>

/** Accounts for the memory of one mail. */
export interface MailMemory {
  readonly forIntake: IntakeMemory
  /** Whether the mail as it came is kept beside its parts, for the case that it has to be sent as it is. */
  keepsSource(): boolean
  /** Waits for the memory of a mail of which so many bytes have arrived. */
  arrived(totalBytes: number): Promise<void>
  /** Waits for the memory of bodies of so many bytes. */
  readonly holdText: (textBytes: number) => Promise<void>
  /** Gives back what a body might have taken and did not. */
  readonly textEnded: (textBytes: number) => void
}

/**
 * What a mail may need is asked for at once: mails that asked bit by bit could wait for each other for ever. A mail that
 * is too large to be sent as it is holds memory for its bodies only, and for as long as they arrive.
 *
 * @param declaredBytes what the client announced by SIZE; null when it announced nothing
 */
export function createMailMemory(memory: BodyMemory, declaredBytes: number | null): MailMemory {
  let expectedBytes = declaredBytes ?? Infinity
  let keepsSource = declaredBytes === null || declaredBytes <= MAX_MIME_BYTES
  let small: Promise<void> | null = null
  let whole: Promise<(bytes: number) => void> | null = null
  let text: Promise<(bytes: number) => void> | null = null
  let textBytes = 0

  return {
    forIntake: {
      holdForStoring: (bytes) => memory.holdForStoring(bytes),
      hold: async (bytes) => (whole === null ? memory.hold(bytes) : () => {}),
    },
    keepsSource: () => keepsSource,
    async arrived(totalBytes) {
      if (totalBytes > expectedBytes) {
        // It was announced as smaller, and so was what is held for it.
        expectedBytes = Infinity
        small = null
        whole = null
      }
      await (small ??= memory.holdSmallJson(Math.min(expectedBytes, SMALL_BODY_BYTES)) ?? Promise.resolve())
      if (!keepsSource) return
      if (totalBytes > MAX_MIME_BYTES) {
        keepsSource = false
        // The attachments that are kept stay covered; large bodies ask again.
        ;(await whole)?.(textBytes + KEPT_ATTACHMENT_BYTES / 2)
      } else if (totalBytes > SMALL_BODY_BYTES) {
        whole ??= memory.holdLargeJson(Math.min(expectedBytes, MAX_MIME_BYTES) + KEPT_ATTACHMENT_BYTES / 2)
        await whole
      }
    },
    async holdText(bytes) {
      textBytes = bytes
      if (bytes <= SMALL_BODY_BYTES || keepsSource) return
      text ??= memory.holdLargeJson(MAX_TEXT_BYTES)
      await text
    },
    textEnded(bytes) {
      void text?.then((give) => give(bytes)).catch(() => {})
      text = null
    },
  }
}
