import type { Role } from '@inforiver-mail/contract/caller'
import type { SessionEntry } from '@inforiver-mail/contract/session'
import type { Redemption } from '@inforiver-mail/m365/microsoft-identity'
import { plainText } from '@inforiver-mail/m365/plain-text'
import { appendAuditEvent, appendLimitedAuditEvent } from '../database/audit-log.ts'
import type { PendingSignIn, PrismaClient } from '../database/generated/client.ts'
import { tryToWrite } from '../database/is-unavailable.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'

const ADMIN_ROLE = 'Workspace.Admin'
const IDLE_MS = 60 * 60_000
/** The role is seen at the sign-in, so that a session lasts no longer than the role is believed. */
const ROLE_MS = 4 * 60 * 60_000
const TOUCH_EVERY_MS = 60_000 // spares a write per request
/** Applies to each account that Microsoft vouches for, and to all others together, so that strangers cannot hide one. */
const REFUSALS_PER_HOUR = 100
const MAX_LISTED = 500
const MAX_ADDRESS_CHARACTERS = 64
const MAX_USER_AGENT_CHARACTERS = 300

export type { PendingSignIn }

/** The person who signed in, by Microsoft's account. Their sign-in name is what they type there, as in WORKSPACE_ADMINS. */
export type Person = Omit<Extract<Redemption, { outcome: 'granted' }>['person'], 'guest'>

/** Where a sign-in comes from. */
export interface Client {
  /** The IP address. */
  readonly address: string
  /** As the browser sends it, unchecked. */
  readonly userAgent: string | undefined
}

export type SignInStore = ReturnType<typeof createSignInStore>

/** `workspaceAdmins` are the sign-in names of workspace admins, in any case. */
export function createSignInStore(prisma: PrismaClient, workspaceAdmins: readonly string[], newId: NewId) {
  const adminNames = new Set(workspaceAdmins.map((name) => name.toLowerCase()))
  return {
    async savePending(pending: PendingSignIn): Promise<void> {
      await prisma.pendingSignIn.create({ data: pending })
    },

    /** Deletes and returns it, so that a `state` counts once; null when unknown, expired or another browser's. */
    async takePending(stateHash: string, browserHash: string, now: Date): Promise<PendingSignIn | null> {
      const [pending] = await prisma.pendingSignIn.findMany({
        where: { stateHash, browserHash, expiresAt: { gt: now } },
      })
      if (!pending) return null
      const { count } = await prisma.pendingSignIn.deleteMany({ where: { stateHash } })
      return count === 1 ? pending : null
    },

    /**
     * Records the person and a new session, which `replaces` an older one of the same browser. `continues`: the older one was
     * of the same person, whether or not its time was over.
     */
    async startSession({
      idHash,
      replaces,
      tenantId,
      person,
      client,
      now,
    }: {
      idHash: string
      replaces: string | null
      tenantId: string
      person: Person
      client: Client
      now: Date
    }): Promise<{ readonly role: Role; readonly continues: boolean }> {
      return prisma.$transaction(async (transaction) => {
        const { tenantId: entraTenantId, objectId: entraObjectId, name, email } = person
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
        const isAdmin = person.roles.includes(ADMIN_ROLE) || (pinnedName !== null && adminNames.has(pinnedName))
        const role: Role = isAdmin ? 'workspace-admin' : 'member'
        const replaced =
          replaces === null ? null : await transaction.session.findUnique({ where: { idHash: replaces } })
        if (replaced) await transaction.session.deleteMany({ where: { idHash: replaced.idHash } })
        await transaction.session.create({
          data: {
            idHash,
            id: newId('session'),
            tenantId,
            userId: user.id,
            role,
            createdAt: now,
            lastSeenAt: now,
            address: client.address.slice(0, MAX_ADDRESS_CHARACTERS),
            userAgent: plainText(client.userAgent ?? '', MAX_USER_AGENT_CHARACTERS) || null,
          },
        })
        await appendAuditEvent(transaction, { tenantId, at: now, actor: user.id, action: 'sign-in', outcome: role })
        return { role, continues: replaced?.userId === user.id }

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

    /**
     * Records up to 100 refusals an hour for each account, and for all without one. `account` is the sign-in name where
     * Microsoft vouches for it.
     */
    async recordRefusal({
      tenantId,
      reason,
      account,
      correlationId,
      now,
    }: {
      tenantId: string
      reason: string
      account: string | null
      correlationId: string | null
      now: Date
    }): Promise<void> {
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

    /** A request of a `person` keeps the session alive. */
    async findSession(idHash: string, by: 'person' | 'page', now: Date): Promise<SignedIn | null> {
      const session = await prisma.session.findUnique({ where: { idHash }, include: { user: true } })
      if (!session || !isAlive(session, now)) return null
      if (by === 'person' && now.getTime() - session.lastSeenAt.getTime() > TOUCH_EVERY_MS) {
        await tryToWrite(() => prisma.session.updateMany({ where: { idHash }, data: { lastSeenAt: now } }))
      }
      const { tenantId, userId, user } = session
      const role: Role = session.role === 'workspace-admin' ? 'workspace-admin' : 'member'
      return { sessionIdHash: idHash, tenantId, userId, name: user.name, email: user.email, role }
    },

    async endSession({ sessionIdHash, tenantId, userId }: SignedIn, now: Date): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        await transaction.session.deleteMany({ where: { idHash: sessionIdHash } })
        await appendAuditEvent(transaction, { tenantId, at: now, actor: userId, action: 'sign-out', outcome: 'done' })
      })
    },

    /** Returns the address of the person whose session it was, even if its time is over; null when it is gone. */
    async findPerson(idHash: string): Promise<string | null> {
      const session = await prisma.session.findUnique({ where: { idHash }, include: { user: true } })
      return session?.user.email ?? null
    },

    /** Lists sessions that have not ended, the last seen first; at most 500. */
    async listSessions({ tenantId, sessionIdHash }: SignedIn, now: Date): Promise<SessionEntry[]> {
      const sessions = await prisma.session.findMany({
        where: { tenantId, ...aliveAt(now) },
        include: { user: true },
        orderBy: [{ lastSeenAt: 'desc' }, { id: 'asc' }],
        take: MAX_LISTED,
      })
      return sessions.map(({ id, idHash, user: { name, email }, address, userAgent, createdAt, lastSeenAt }) => ({
        id,
        user: { name, email },
        current: idHash === sessionIdHash,
        address,
        userAgent,
        signedInAt: createdAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
      }))
    },

    /** Ends a session of anybody. Returns false when there is none of this id, or it has ended. */
    async endSessionOf(id: string, { tenantId, userId }: SignedIn, now: Date): Promise<boolean> {
      return prisma.$transaction(async (transaction) => {
        const where = { id, tenantId, ...aliveAt(now) }
        const session = await transaction.session.findFirst({ where, include: { user: true } })
        // Of two admins who end it at once, one finds it gone.
        const { count } = await transaction.session.deleteMany({ where })
        if (!session || count === 0) return false
        const details = { sessions: 1, account: session.user.email }
        await appendAuditEvent(transaction, { ...byAdmin(tenantId, userId, now), details })
        return true
      })
    },

    async endOtherSessions({ tenantId, userId, sessionIdHash }: SignedIn, now: Date): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        const { count } = await transaction.session.deleteMany({ where: { tenantId, idHash: { not: sessionIdHash } } })
        await appendAuditEvent(transaction, { ...byAdmin(tenantId, userId, now), details: { sessions: count } })
      })
    },

    async sweep(now: Date): Promise<void> {
      await prisma.pendingSignIn.deleteMany({ where: { expiresAt: { lt: now } } })
      await prisma.session.deleteMany({
        where: {
          OR: [
            { lastSeenAt: { lt: new Date(now.getTime() - IDLE_MS) } },
            { createdAt: { lt: new Date(now.getTime() - ROLE_MS) } },
          ],
        },
      })
    },
  }
}

function isAlive(session: { createdAt: Date; lastSeenAt: Date }, now: Date): boolean {
  const { lastSeenAt, createdAt } = aliveAt(now)
  return session.lastSeenAt > lastSeenAt.gt && session.createdAt > createdAt.gt
}

function aliveAt(now: Date) {
  return {
    lastSeenAt: { gt: new Date(now.getTime() - IDLE_MS) },
    createdAt: { gt: new Date(now.getTime() - ROLE_MS) },
  }
}

function byAdmin(tenantId: string, actor: string, at: Date) {
  return { tenantId, at, actor, action: 'sessions-ended', outcome: 'done' } as const
}
