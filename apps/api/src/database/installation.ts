import { ConfigurationError } from '../config.ts'
import { newId } from '../ids.ts'
import type { Database } from './database.ts'

/**
 * Ties the database to one Entra tenant and app registration at the first start, and checks it at every later one.
 *
 * @returns the id of the tenant that people who sign in belong to.
 * @throws {ConfigurationError} when the database belongs to others.
 */
export async function openInstallation(
  { prisma }: Database,
  registration: { tenantId: string; clientId: string },
  now: Date,
): Promise<string> {
  const installation = (await prisma.installation.findUnique({ where: { id: 1 } })) ?? (await create())
  if (installation.entraTenantId === registration.tenantId && installation.entraClientId === registration.clientId) {
    return installation.tenantId
  }
  throw new ConfigurationError(
    `This database belongs to another app registration (tenant ${installation.entraTenantId}, client ${installation.entraClientId}). Set AZURE_TENANT_ID and AZURE_CLIENT_ID to those, or use another database (DATABASE_URL) or data folder (DATA_DIR).`,
  )

  async function create() {
    const tenantId = newId('tenant')
    // Two processes may start together: the first row wins, and both read it.
    await prisma.$transaction([
      prisma.tenant.create({ data: { id: tenantId, createdAt: now } }),
      prisma.installation.createMany({
        data: [
          {
            id: 1,
            tenantId,
            entraTenantId: registration.tenantId,
            entraClientId: registration.clientId,
            createdAt: now,
          },
        ],
        skipDuplicates: true,
      }),
    ])
    const row = await prisma.installation.findUniqueOrThrow({ where: { id: 1 } })
    if (row.tenantId !== tenantId) await prisma.tenant.delete({ where: { id: tenantId } })
    return row
  }
}
