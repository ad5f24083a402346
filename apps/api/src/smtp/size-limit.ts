import type { SizeLimits } from '@inforiver-mail/m365/size-plan'

/** What of a mail is sent, in base64 with line breaks, for 150 MB of files. */
const LARGEST_BYTES = 225_000_000
/** The same for what fits one request to Graph. */
const WITHOUT_LARGE_BYTES = 5_600_000

export interface SizeLimitDeps {
  readonly readSender: (tenantId: string) => Promise<{ readonly largeAttachments: boolean } | null>
  readonly readSizeLimits: (tenantId: string) => Promise<SizeLimits>
}

export type SizeLimit = ReturnType<typeof createSizeLimit>

export function createSizeLimit({ readSender, readSizeLimits }: SizeLimitDeps) {
  let looking: Promise<number> | null = null

  /** The most bytes that a mail may have as it arrives. */
  async function read(tenantId: string): Promise<number> {
    const sender = await readSender(tenantId)
    if (sender !== null && !sender.largeAttachments) return WITHOUT_LARGE_BYTES
    const { messageBytes } = await readSizeLimits(tenantId)
    return Math.min(messageBytes ?? LARGEST_BYTES, LARGEST_BYTES)
  }

  return {
    read,
    /** Returns the same for strangers, who share one look; the largest while it cannot be read. */
    announce(tenantId: string): Promise<number> {
      looking ??= read(tenantId)
        .catch(() => LARGEST_BYTES)
        .finally(() => (looking = null))
      return looking
    },
  }
}
