import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DirectoryIndex, Person } from '../directory/directory.ts'

const COOKIE = 'simulator_account'

/** Whom this browser signed in as last. Only `prompt=none` asks; everything else shows the account picker. */
export function signedInPerson(request: FastifyRequest, index: DirectoryIndex): Person | undefined {
  const oid = request.headers.cookie?.match(new RegExp(`(?:^|; )${COOKIE}=([0-9a-f-]{36})`))?.[1]
  return oid === undefined ? undefined : index.personByOid(oid)
}

export function rememberPerson(reply: FastifyReply, person: Person): void {
  reply.header('set-cookie', `${COOKIE}=${person.oid}; Path=/; HttpOnly; SameSite=Lax`)
}

export function forgetPerson(reply: FastifyReply): void {
  reply.header('set-cookie', `${COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`)
}
