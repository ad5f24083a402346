import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { APPLICATION_PERMISSIONS } from '../entra/application-permissions.ts'
import { signInName } from '../entra/pages.ts'
import { readScopes } from '../entra/scopes.ts'
import { PRESETS } from '../faults/presets.ts'
import { Effect, Skip, Times } from '../faults/scenario.ts'
import { SettingsChange } from '../faults/settings.ts'
import { readJson } from '../http/body.ts'
import { refuseForeignOrigin } from '../http/same-origin.ts'
import { LOG_ENTRIES } from '../http/traffic.ts'
import { visibleMessage } from '../mail/visible-message.ts'
import type { Simulation } from '../simulation.ts'
import { isVisible, rightsOf } from '../state/store.ts'
import { uploadReport } from '../uploads/upload-report.ts'
import { listMailboxes } from '../viewer/mailbox-list.ts'
import { createOperations } from './operations.ts'

const WHEN = { times: Times.default(1), skip: Skip.default(0) }
const SwitchOn = z.union([
  z.strictObject({
    name: z.string().refine((name) => PRESETS.has(name), 'no scenario of that name'),
    ...WHEN,
  }),
  z.strictObject({ effect: Effect, ...WHEN }),
])
const RightsChange = z.strictObject({
  address: z.string(),
  person: z.string(),
  sendAs: z.boolean().exactOptional(),
  sendOnBehalf: z.boolean().exactOptional(),
  fullAccess: z.boolean().exactOptional(),
})
const Revocation = z.strictObject({ accessTokens: z.boolean().default(false) })
const Minting = z.strictObject({ scopes: z.array(z.string().min(1)).min(1).max(20) })
const ApplicationMinting = z.strictObject({ permissions: z.array(z.enum(APPLICATION_PERMISSIONS)).min(1) })
const ArrivalsQuery = z.strictObject({ property: z.string().min(1).max(500).exactOptional() })
const Enabled = z.strictObject({ enabled: z.boolean() })
const MessageQuery = z.strictObject({
  folder: z.enum(['inbox', 'sentItems', 'drafts', 'deletedItems']).optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
const UploadQuery = MessageQuery.omit({ folder: true })
const LogQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(LOG_ENTRIES).default(LOG_ENTRIES),
})

/** `/control`: what tests and the launcher use. JSON in, JSON out; README.md lists it. */
export async function controlRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { index, scenarios, settings, store, traffic, arrivals, uploads, clock } = simulation
  const operations = createOperations(simulation)
  app.addHook('onRequest', refuseForeignOrigin)

  app.get('/scenarios', async () => ({
    presets: [...PRESETS].map(([name, { title, group }]) => ({ name, title, group })),
    active: scenarios.active(),
  }))
  app.post('/scenarios', async (request, reply) => {
    const change = SwitchOn.safeParse(readJson(request.body))
    if (!change.success) return invalid(reply, change.error)
    if ('effect' in change.data) return reply.code(201).send(scenarios.add({ ...change.data, name: null }))
    const preset = PRESETS.get(change.data.name)
    return preset === undefined
      ? notFound(reply, 'scenario')
      : reply.code(201).send(scenarios.add({ ...change.data, effect: preset.effect }))
  })
  app.delete('/scenarios', async () => ({ removed: scenarios.remove() }))
  app.delete<{ Params: { id: string } }>('/scenarios/:id', (request, reply) =>
    reply.send({ removed: scenarios.remove(request.params.id) }),
  )

  app.get('/settings', async () => settings.current)
  app.patch('/settings', async (request, reply) => {
    const change = SettingsChange.safeParse(readJson(request.body))
    if (!change.success) return invalid(reply, change.error)
    settings.change(change.data)
    return settings.current
  })

  app.get('/people', async () =>
    index.directory.people.map((person) => ({
      oid: person.oid,
      name: person.displayName,
      signInName: signInName(person),
      membership: person.membership,
      hasMailbox: person.hasMailbox,
      appRoles: person.appRoles,
      isEntraAdministrator: person.isEntraAdministrator,
      enabled: !store.state.disabledAccounts.has(person.oid),
      consents: [...(store.state.userConsents.get(person.oid) ?? [])],
      rights: Object.fromEntries(
        [...index.directory.sharedMailboxes, ...index.directory.groups].map(({ address }) => [
          address,
          rightsOf(store.state, index, address, person.oid),
        ]),
      ),
    })),
  )

  type PersonPath = { Params: { person: string } }
  app.post<PersonPath>('/people/:person/revoke-tokens', async (request, reply) => {
    const change = Revocation.safeParse(readJson(request.body) ?? {})
    if (!change.success) return invalid(reply, change.error)
    const person = operations.findPerson(request.params.person)
    if (person === undefined) return notFound(reply, 'person')
    operations.revokeTokens(person, change.data.accessTokens)
    return reply.code(204).send()
  })
  app.post<PersonPath>('/people/:person/remove-consents', async (request, reply) => {
    const person = operations.findPerson(request.params.person)
    if (person === undefined) return notFound(reply, 'person')
    operations.removeConsents(person)
    return reply.code(204).send()
  })
  app.post<PersonPath>('/people/:person/tokens', async (request, reply) => {
    const wanted = Minting.safeParse(readJson(request.body))
    if (!wanted.success) return invalid(reply, wanted.error)
    const reading = readScopes(wanted.data.scopes.join(' '))
    if (reading.kind !== 'scopes')
      return reply.code(400).send({ error: `These are no scopes of Graph: ${reading.kind}.` })
    const person = operations.findPerson(request.params.person)
    // Entra gives an account of another tenant none here.
    if (person === undefined || person.membership === 'stranger') return notFound(reply, 'person')
    return operations.mintTokens(person, reading.scopes)
  })
  app.post('/application/tokens', async (request, reply) => {
    const wanted = ApplicationMinting.safeParse(readJson(request.body))
    return wanted.success ? operations.mintApplicationToken(wanted.data.permissions) : invalid(reply, wanted.error)
  })
  app.put<PersonPath>('/people/:person/enabled', async (request, reply) => {
    const change = Enabled.safeParse(readJson(request.body))
    if (!change.success) return invalid(reply, change.error)
    const person = operations.findPerson(request.params.person)
    if (person === undefined) return notFound(reply, 'person')
    operations.setEnabled(person, change.data.enabled)
    return reply.code(204).send()
  })
  app.put('/rights', async (request, reply) => {
    const change = RightsChange.safeParse(readJson(request.body))
    if (!change.success) return invalid(reply, change.error)
    const { address, person: name, ...rights } = change.data
    const person = operations.findPerson(name)
    if (person === undefined) return notFound(reply, 'person')
    return operations.setRights(address, person, rights) ? reply.code(204).send() : notFound(reply, 'mailbox')
  })
  app.get('/tenant-consents', async () => ({
    scopes: [...store.state.tenantConsents],
    applicationPermissions: [...store.state.applicationConsents],
  }))
  app.delete('/tenant-consents', async (_request, reply) => {
    operations.removeTenantConsents()
    return reply.code(204).send()
  })

  app.get('/mailboxes', async () => listMailboxes(simulation))
  app.get<{ Params: { address: string } }>('/mailboxes/:address/messages', async (request, reply) => {
    const query = MessageQuery.safeParse(request.query)
    if (!query.success) return invalid(reply, query.error)
    const { folder, after, limit } = query.data
    const items = store.state.mailboxes.get(request.params.address.toLowerCase())?.items ?? []
    const nowMs = clock().getTime()
    const fitting = items.filter(
      (item) => item.sequence > after && (folder === undefined || item.folder === folder) && isVisible(item, nowMs),
    )
    return { items: fitting.slice(0, limit).map((item) => visibleMessage(item)), total: fitting.length }
  })

  app.get('/counters', async () => traffic.counters())
  app.delete('/counters', async (_request, reply) => {
    traffic.reset()
    return reply.code(204).send()
  })
  app.get('/arrivals', async (request, reply) => {
    const query = ArrivalsQuery.safeParse(request.query)
    if (!query.success) return invalid(reply, query.error)
    const { property } = query.data
    return property === undefined ? arrivals.totals() : arrivals.of(property)
  })
  app.delete('/arrivals', async (_request, reply) => {
    arrivals.reset()
    return reply.code(204).send()
  })
  app.get('/uploads', async (request, reply) => {
    const query = UploadQuery.safeParse(request.query)
    if (!query.success) return invalid(reply, query.error)
    const { items, total } = uploads.list(query.data.after, query.data.limit, clock().getTime())
    return { items: items.map((session) => uploadReport(session)), total }
  })
  app.get('/log', async (request, reply) => {
    const query = LogQuery.safeParse(request.query)
    return query.success ? { items: traffic.log(query.data.after, query.data.limit) } : invalid(reply, query.error)
  })
  app.post('/reset', async (_request: FastifyRequest, reply) => {
    operations.reset()
    return reply.code(204).send()
  })
}

function invalid(reply: FastifyReply, error: z.ZodError): FastifyReply {
  return reply.code(400).send({ error: z.prettifyError(error) })
}

function notFound(reply: FastifyReply, what: string): FastifyReply {
  return reply.code(404).send({ error: `There is no such ${what}.` })
}
