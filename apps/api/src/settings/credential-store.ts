import type { PrismaClient } from '../database/generated/client.ts'

/** A step on the way to the end of a credential. */
export interface CredentialStep {
  readonly tenantId: string
  readonly expiresAt: Date
  readonly daysAhead: number
}

export interface CredentialStore {
  /** Calls `warn` once for each step, over all processes and starts; again where it throws. */
  warnOnce(step: CredentialStep, now: Date, warn: () => Promise<void>): Promise<void>
}

export function createCredentialStore(prisma: PrismaClient): CredentialStore {
  return {
    async warnOnce(step, now, warn) {
      // Noted only together with the warning: whoever is interrupted between the two has not warned.
      await prisma.$transaction(async (transaction) => {
        const data = [{ ...step, warnedAt: now }]
        const { count } = await transaction.credentialWarning.createMany({ data, skipDuplicates: true })
        if (count === 1) await warn()
      })
    },
  }
}
