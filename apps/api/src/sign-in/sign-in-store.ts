import type { Role } from '@inforiver-mail/contract/caller'
import { appendAuditEvent, appendLimitedAuditEvent } from '../database/audit-log.ts'
import type { PrismaClient } from '../database/generated/client.ts'
import { newId } from '../ids.ts'
import type { SignedIn } from '../http/session.ts'

const IDLE_MS = 60 * 60_000
const ABSOLUTE_MS = 12 * 60 * 60_000
const TOUCH_EVERY_MS = 60_000 // spares a write per request
/** Applies to each account that Microsoft vouches for, and to all others together, so that strangers cannot hide one. */
const REFUSALS_PER_HOUR = 100

export interface PendingSignIn {
  readonly stateHash: string
  readonly tenantId: string
  readonly browserHash: string
  /** The sealed nonce and PKCE verifier. */
  readonly secretsSealed: string
  readonly returnTo: string
  readonly expiresAt: Date
}

/** The person who signed in, by Microsoft's account. */
export interface Person {
  readonly entraTenantId: string
  readonly entraObjectId: string
  readonly name: string
  /** The name typed at Microsoft's page, as in WORKSPACE_ADMINS. */
  readonly signInName: string
  readonly email: string
  readonly hasAdminRole: boolean
}

export interface SignInStore {
  savePending(pending: PendingSignIn): Promise<void>
  /** Deletes and returns it, so that a `state` counts once; null when unknown, expired or another browser's. */
  takePending(stateHash: string, browserHash: string, now: Date): Promise<PendingSignIn | null>
  /** Records the person and a new session, which `replaces` an older one of the same browser. */
  startSession(session: {
    idHash: string
    replaces: string | null
    tenantId: string
    person: Person
    now: Date
  }): Promise<Role>
  /**
   * Records up to 100 refusals an hour for each account, and for all without one. `account` is the sign-in name where
   * Microsoft vouches for it.
   */
  recordRefusal(refusal: {
    tenantId: string
    reason: string
    account: string | null
    correlationId: string | null
    now: Date
  }): Promise<void>
  /** A request of a `person` keeps the session alive. */
  findSession(idHash: string, by: 'person' | 'page', now: Date): Promise<SignedIn | null>
  endSession(signedIn: SignedIn, now: Date): Promise<void>
  sweep(now: Date): Promise<void>
}

/** `workspaceAdmins` are the sign-in names of workspace admins, in any case. */
export function createSignInStore(prisma: PrismaClient, workspaceAdmins: readonly string[]): SignInStore {
  const adminNames = new Set(workspaceAdmins.map((name) => name.toLowerCase()))
  return {
    async savePending(pending) {
      await prisma.pendingSignIn.create({ data: pending })
    },

    async takePending(stateHash, browserHash, now) {
      const [pending] = await prisma.pendingSignIn.findMany({
        where: { stateHash, browserHash, expiresAt: { gt: now } },
      })
      if (!pending) return null
      const { count } = await prisma.pendingSignIn.deleteMany({ where: { stateHash } })
      return count === 1 ? pending : null
    },

    async startSession({ idHash, replaces, tenantId, person, now }) {
      return prisma.$transaction(async (transaction) => {
        const { entraTenantId, entraObjectId, name, email } = person
        const known = await transaction.user.findUnique({
          where: { tenantId_entraTenantId_entraObjectId: { tenantId, entraTenantId, entraObjectId } },
        })
        const pinnedName = await pinName(known?.pinnedName ?? null)
        const user = await transaction.user.upsert({
          where: { tenantId_entraTenantId_entraObjectId: { tenantId, entraTenantId, entraObjectId } },
          create: {
            id: newId('user'),
            tenantId,
            entraTenantId,
            entraObjectId,
            name,
            email,
            pinnedName,
            firstSignInAt: now,
            lastSignInAt: now,
          },
          update: { name, email, pinnedName, lastSignInAt: now },
        })
        const isAdmin = person.hasAdminRole || (pinnedName !== null && adminNames.has(pinnedName))
        const role: Role = isAdmin ? 'workspace-admin' : 'member'
        if (replaces !== null) await transaction.session.deleteMany({ where: { idHash: replaces } })
        await transaction.session.create({
          data: { idHash, tenantId, userId: user.id, role, createdAt: now, lastSeenAt: now },
        })
        await appendAuditEvent(transaction, { tenantId, at: now, actor: user.id, action: 'sign-in', outcome: role })
        return role

        /** Names are reassigned, so the person who first signed in under one keeps the right. */
        async function pinName(pinned: string | null): Promise<string | null> {
          const candidate = person.signInName.toLowerCase()
          if ((pinned !== null && adminNames.has(pinned)) || !adminNames.has(candidate)) return pinned
          const holder = await transaction.user.findUnique({
            where: { tenantId_pinnedName: { tenantId, pinnedName: candidate } },
          })
          return holder ? pinned : candidate
        }
      })
    },

    async recordRefusal({ tenantId, reason, account, correlationId, now }) {
      await appendLimitedAuditEvent(
        prisma,
        {
          tenantId,
          at: now,
          actor: null,
          action: 'sign-in',
          outcome: 'refused',
          details: { reason, account, correlationId },
        },
        [{ of: { account }, atMost: REFUSALS_PER_HOUR }],
      )
    },

    async findSession(idHash, by, now) {
      const session = await prisma.session.findUnique({ where: { idHash }, include: { user: true } })
      if (!session || !isAlive(session, now)) return null
      if (by === 'person' && now.getTime() - session.lastSeenAt.getTime() > TOUCH_EVERY_MS) {
        await prisma.session.updateMany({ where: { idHash }, data: { lastSeenAt: now } })
      }
      const { tenantId, userId, user } = session
      const role: Role = session.role === 'workspace-admin' ? 'workspace-admin' : 'member'
      return { sessionIdHash: idHash, tenantId, userId, name: user.name, email: user.email, role }
    },

    async endSession({ sessionIdHash, tenantId, userId }, now) {
      await prisma.$transaction(async (transaction) => {
        await transaction.session.deleteMany({ where: { idHash: sessionIdHash } })
        await appendAuditEvent(transaction, { tenantId, at: now, actor: userId, action: 'sign-out', outcome: 'done' })
      })
    },

    async sweep(now) {
      await prisma.pendingSignIn.deleteMany({ where: { expiresAt: { lt: now } } })
      await prisma.session.deleteMany({
        where: {
          OR: [
            { lastSeenAt: { lt: new Date(now.getTime() - IDLE_MS) } },
            { createdAt: { lt: new Date(now.getTime() - ABSOLUTE_MS) } },
          ],
        },
      })
    },
  }
}

function isAlive(session: { createdAt: Date; lastSeenAt: Date }, now: Date): boolean {
  return (
    now.getTime() - session.lastSeenAt.getTime() < IDLE_MS && now.getTime() - session.createdAt.getTime() < ABSOLUTE_MS
  )
}
