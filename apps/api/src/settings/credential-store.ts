import type { PrismaClient } from '../database/generated/client.ts'

/** A warning this many days before a credential expires. */
export interface CredentialStep {
  readonly tenantId: string
  readonly expiresAt: Date
  readonly daysAhead: number
}

export type CredentialStore = ReturnType<typeof createCredentialStore>

export function createCredentialStore(prisma: PrismaClient) {
  return {
    /** Calls `warn` once for each step over all processes and restarts, and again if it throws. */
    async warnOnce(step: CredentialStep, now: Date, warn: () => Promise<void>): Promise<void> {
      // The transaction commits after the warning, so that a crash in between repeats it.
      await prisma.$transaction(async (transaction) => {
        const data = [{ ...step, warnedAt: now }]
        const { count } = await transaction.credentialWarning.createMany({ data, skipDuplicates: true })
        if (count === 1) await warn()
      })
    },
  }
}
