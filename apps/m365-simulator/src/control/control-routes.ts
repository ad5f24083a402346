import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { EntraError } from '../entra/aadsts.ts'
import { issueAccessToken, issueApplicationToken, issueRefreshToken } from '../entra/issue-tokens.ts'
import { readScopes } from '../entra/scopes.ts'
import { PRESETS } from '../faults/presets.ts'
import { AffectedEndpoint, Effect, Occurrence } from '../faults/scenario.ts'
import { readJson } from '../http/body.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import { placeReport } from '../mail/bounce.ts'
import { listMailboxes } from '../mail/mailbox-list.ts'
import { visibleMessage } from '../mail/visible-message.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { LOG_ENTRIES } from '../simulation/traffic.ts'
import { type Person, signInName } from '../tenant/directory.ts'
import { APPLICATION_PERMISSION_NAMES, type Permission } from '../tenant/permissions.ts'
import { isVisible, rightsOf } from '../tenant/store.ts'

const Scenario = z.union([
  z.strictObject({
    name: z.string().refine((name) => PRESETS.has(name), 'no scenario has that name'),
    /** Takes the place of the endpoint that the preset has. */
    endpoint: AffectedEndpoint.exactOptional(),
    ...Occurrence,
  }),
  z.strictObject({ effect: Effect, ...Occurrence }),
])
const Settings = z.record(z.string(), z.unknown())
const RightsChange = z.strictObject({
  address: z.string(),
  person: z.string(),
  sendAs: z.boolean().exactOptional(),
  sendOnBehalf: z.boolean().exactOptional(),
  fullAccess: z.boolean().exactOptional(),
})
const Revocation = z.strictObject({ accessTokens: z.boolean().default(false) }).default({ accessTokens: false })
const PersonTokens = z.strictObject({ scopes: z.array(z.string().min(1)).min(1).max(20) })
const ApplicationTokens = z.strictObject({ permissions: z.array(z.enum(APPLICATION_PERMISSION_NAMES)).min(1) })
const ArrivalsQuery = z.strictObject({ property: z.string().max(500).default('') })
const Page = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
const MessageQuery = Page.extend({
  folder: z.enum(['inbox', 'sentItems', 'drafts', 'deletedItems']).optional(),
  subject: z.string().max(1000).optional(),
})
const LogQuery = Page.extend({ limit: z.coerce.number().int().min(1).max(LOG_ENTRIES).default(LOG_ENTRIES) })

/** A report, or something that looks like one, as if it had arrived. */
const NewReport = z.strictObject({
  kind: z.enum(['exchange', 'delayed', 'foreign', 'forged', 'auto-reply']),
  original: z.strictObject({ internetMessageId: z.string().max(1000), subject: z.string().max(1000).default('') }),
  recipients: z
    .array(z.strictObject({ address: z.string().max(400), text: z.string().max(10_000) }))
    .max(1000)
    .default([]),
})

class NotFound extends Error {}

/** `/control`, in JSON, for tests and the launcher; README.md documents it. */
export async function controlRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { index, registration, scenarios, settings, store, clock } = simulation
  const { traffic, arrivals, uploads, traces, delta, quotas } = simulation
  app.addHook('onRequest', refuseForeignOrigin)
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) })
    if (error instanceof EntraError) return reply.code(400).send({ error: error.message })
    if (error instanceof NotFound) return reply.code(404).send({ error: error.message })
    throw error
  })
  /** Answers 204 after an act that returns nothing. */
  const done = (act: (request: FastifyRequest) => void) => (request: FastifyRequest, reply: FastifyReply) => {
    act(request)
    return reply.code(204).send()
  }

  app.get('/scenarios', async () => ({ active: scenarios.active() }))
  app.post('/scenarios', (request, reply) => {
    const wanted = Scenario.parse(readJson(request))
    if ('effect' in wanted) return reply.code(201).send(scenarios.add({ ...wanted, name: null }))
    const { endpoint, ...scenario } = wanted
    const { effect } = required(PRESETS.get(scenario.name), 'scenario')
    if (endpoint !== undefined && effect.kind !== 'http') throw new NotFound('That scenario has no endpoint.')
    const moved = endpoint === undefined ? effect : { ...effect, endpoint }
    return reply.code(201).send(scenarios.add({ ...scenario, effect: moved }))
  })
  app.delete(
    '/scenarios',
    done(() => scenarios.remove()),
  )
  app.delete(
    '/scenarios/:id',
    done(({ params }) => scenarios.remove([(params as { readonly id: string }).id])),
  )

  app.get('/settings', async () => settings.current)
  app.patch('/settings', (request, reply) => {
    settings.change(Settings.parse(readJson(request)))
    return reply.send(settings.current)
  })

  app.get('/people', async () =>
    index.directory.people.map((person) => ({
      oid: person.oid,
      name: person.displayName,
      signInName: signInName(person),
      hasMailbox: person.hasMailbox,
      consents: [...(store.state.userConsents.get(person.oid) ?? [])],
      rights: Object.fromEntries(
        index.directory.shared.map(({ address }) => [address, rightsOf(store.state, index, address, person.oid)]),
      ),
    })),
  )
  /** @param name an oid, an address or a sign-in name */
  const findPerson = (name: string): Person => {
    const addressee = index.byAddress(name)
    const person =
      index.personByOid(name) ??
      (addressee?.kind === 'person' ? addressee.person : undefined) ??
      index.directory.people.find(({ userPrincipalName }) => userPrincipalName === name.toLowerCase())
    return required(person, 'person')
  }
  const personOf = ({ params }: FastifyRequest): Person => findPerson((params as { readonly person: string }).person)

  const revokeTokens = done((request) => {
    const { accessTokens } = Revocation.parse(readJson(request))
    const { oid } = personOf(request)
    const atMs = clock().getTime() + 1
    store.commit({ type: 'refresh-tokens-revoked', oid, atMs })
    if (accessTokens) store.commit({ type: 'access-tokens-revoked', oid, atMs })
  })
  app.post('/people/:person/revoke-tokens', revokeTokens)
  app.post(
    '/people/:person/remove-consents',
    done((request) => store.commit({ type: 'user-consent-removed', oid: personOf(request).oid })),
  )
  app.post('/people/:person/tokens', async (request, reply) => {
    const asked = readScopes(PersonTokens.parse(readJson(request)).scopes.join(' '), registration)
    const { oid, membership } = personOf(request)
    // Entra issues no tokens here for an account of another tenant.
    if (membership === 'stranger') throw new NotFound('There is no such person.')
    const scopes = [...new Set<Permission>([...asked.scopes, 'offline_access'])]
    store.commit({ type: 'user-consented', oid, scopes })
    const { accessToken, expiresIn } = await issueAccessToken(oid, simulation)
    return reply.send({ accessToken, refreshToken: issueRefreshToken(oid, scopes, simulation), expiresIn })
  })
  app.post('/application/tokens', async (request, reply) => {
    const { permissions } = ApplicationTokens.parse(readJson(request))
    store.commit({ type: 'application-consented', permissions })
    const { accessToken, expiresIn } = await issueApplicationToken(simulation)
    return reply.send({ accessToken, expiresIn })
  })
  const setRights = done((request) => {
    const { address: name, person, ...changed } = RightsChange.parse(readJson(request))
    const { oid } = findPerson(person)
    const address = required(index.byAddress(name), 'mailbox').address.toLowerCase()
    const rights = { ...rightsOf(store.state, index, address, oid), ...changed }
    store.commit({ type: 'rights-set', address, oid, rights })
  })
  app.put('/rights', setRights)
  app.get('/tenant-consents', async () => ({
    scopes: [...store.state.tenantConsents],
    applicationPermissions: [...store.state.applicationConsents],
  }))
  app.delete(
    '/tenant-consents',
    done(() => store.commit({ type: 'tenant-consent-removed' })),
  )

  app.get('/mailboxes', async () => listMailboxes(simulation))
  app.get<{ Params: { address: string } }>('/mailboxes/:address/messages', async ({ params, query }) => {
    const { folder, subject, after, limit } = MessageQuery.parse(query)
    const nowMs = clock().getTime()
    const items = (store.state.mailboxes.get(params.address.toLowerCase())?.items ?? []).filter(
      (item) =>
        item.sequence > after &&
        (folder === undefined || item.folder === folder) &&
        (subject === undefined || item.message.subject === subject) &&
        isVisible(item, nowMs),
    )
    return { items: items.slice(0, limit).map((item) => visibleMessage(item)), total: items.length }
  })

  app.post<{ Params: { address: string } }>('/mailboxes/:address/reports', async (request, reply) => {
    placeReport({ ...NewReport.parse(readJson(request)), mailbox: request.params.address }, simulation)
    return reply.code(204).send()
  })
  app.delete(
    '/delta-tokens',
    done(() => delta.expire()),
  )

  app.get('/counters', async () => traffic.counters())
  app.delete(
    '/counters',
    done(() => traffic.reset()),
  )
  app.get('/arrivals', async ({ query }) => arrivals.report(ArrivalsQuery.parse(query).property))
  app.delete(
    '/arrivals',
    done(() => arrivals.reset()),
  )
  app.get('/uploads', async ({ query }) => {
    const { after, limit } = Page.parse(query)
    return uploads.list(after, limit, clock().getTime())
  })
  app.get('/traces', async () => traces.report())
  app.get('/log', async ({ query }) => {
    const { after, limit } = LogQuery.parse(query)
    return { items: traffic.log(after, limit) }
  })
  const reset = done(() => {
    uploads.reset()
    store.reset()
    delta.expire()
    quotas.reset()
    arrivals.reset()
    traces.reset()
    scenarios.remove()
    settings.reset()
    traffic.reset()
  })
  app.post('/reset', reset)
}

/** @throws NotFound */
function required<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new NotFound(`There is no such ${what}.`)
  return value
}
