import { z } from 'zod'
import { bounded, eachOnce } from './bounded.ts'
import { Scope } from './caller.ts'
import type { Endpoint } from './endpoint.ts'
import { Moment } from './moment.ts'
import { AllowedDomains } from './allowed-domains.ts'
import { fault } from './fault-text.ts'
import { prefixedId, Time } from './fields.ts'

const ServiceKeyId = prefixedId('key', { what: 'a service key', example: '9e8d7c6b5a4938271605f4e3d2c1b0a9' }).describe(
  'The id of the key.',
)

const NAME = {
  description: 'The service it belongs to. Several keys may share a name, so that a key can be rotated.',
  examples: ['reports'],
}
const SCOPES = {
  description: 'What the key may do.',
  examples: [['messages:send', 'messages:read'] as Scope[]],
}
const ALLOWED_DOMAINS = {
  description: 'Who it may write to, among those that the installation allows; an empty list narrows nothing.',
  examples: [['contoso.com']],
}
const ALLOWED_ADDRESSES = {
  description: 'The addresses and networks it may be used from; an empty list allows all.',
  examples: [['10.0.0.0/8']],
}

export const ServiceKey = z.strictObject({
  id: ServiceKeyId,
  name: z.string().meta(NAME),
  scopes: z.array(Scope).meta(SCOPES),
  createdAt: Time.meta({ description: 'When it was made.', examples: ['2026-11-24T09:30:00.000Z'] }),
  lastUsedAt: Time.nullable().meta({
    description: 'When it was last used; null while it has not been.',
    examples: [null, '2026-11-24T10:00:00.000Z'],
  }),
  expiresAt: Time.nullable().meta({
    description: 'When it ends: it is refused from then on; null where it has no end.',
    examples: ['2027-11-24T00:00:00.000Z', null],
  }),
  allowedDomains: z.array(z.string()).meta(ALLOWED_DOMAINS),
  allowedAddresses: z.array(z.string()).meta(ALLOWED_ADDRESSES),
})
export type ServiceKey = z.infer<typeof ServiceKey>

const MAX_ALLOWED_ADDRESSES = 100
/** The most keys that may be valid at once. */
export const MAX_SERVICE_KEYS = 500

const AddressOrNetwork = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])
const ADDRESS_WANTED = fault('network')

const ClientAddress = z
  .string({ error: ADDRESS_WANTED })
  .refine((address) => AddressOrNetwork.safeParse(address).success, ADDRESS_WANTED)

export const ServiceName = z
  .string()
  .min(1, fault('key-name-missing'))
  .max(100, fault('too-long', { max: 100 }))
  .refine((name) => name === name.trim() && !/\p{C}/u.test(name), fault('spaces-or-invisible'))

export const ServiceKeyInput = z.strictObject({
  name: ServiceName.meta(NAME),
  scopes: eachOnce('scope', Scope, Scope.options.length).meta(SCOPES),
  expiresAt: Moment.nullable()
    .default(null)
    .meta({
      description: 'When it ends: it is refused from then on; null: it has no end.',
      examples: ['2027-11-24T00:00:00Z', null],
    }),
  allowedDomains: AllowedDomains.default([]).meta(ALLOWED_DOMAINS),
  allowedAddresses: bounded(
    z.array(ClientAddress, { error: fault('network-list') }),
    MAX_ALLOWED_ADDRESSES,
    fault('too-many-networks', { max: MAX_ALLOWED_ADDRESSES }),
  )
    .default([])
    .meta(ALLOWED_ADDRESSES),
})
export type ServiceKeyInput = z.infer<typeof ServiceKeyInput>

export const listServiceKeys = {
  operation: 'listServiceKeys',
  summary: 'Lists the service keys, without their values.',
  description: 'The value of a key is not stored, and shown only when it is made.',
  method: 'GET',
  path: '/api/v1/service-keys',
  session: 'workspace-admin',
  status: 200,
  response: z.strictObject({ items: z.array(ServiceKey).meta({ description: 'The keys, without their values.' }) }),
  answer: 'The keys that are valid, and those that ended last.',
} as const satisfies Endpoint

export const createServiceKey = {
  operation: 'createServiceKey',
  summary: 'Makes a service key.',
  description:
    'Keys of one name belong to one service and see its messages, so that a key is rotated by making a second one and revoking the first. Scopes: messages:send, messages:read, settings:read.',
  method: 'POST',
  path: '/api/v1/service-keys',
  session: 'workspace-admin',
  body: ServiceKeyInput,
  status: 201,
  response: ServiceKey.extend({
    key: z.string().meta({
      description: 'The value of the key: it is returned here and never again.',
      examples: ['irm_3v5Xo0cJ1p8mZ7qKcR2tYwA9bD4eF6gH'],
    }),
  }),
  answer: 'The key, shown only here.',
} as const satisfies Endpoint

export const revokeServiceKey = {
  operation: 'revokeServiceKey',
  summary: 'Revokes a service key.',
  description: 'What it has submitted stays, and is delivered.',
  method: 'DELETE',
  path: '/api/v1/service-keys/:id',
  session: 'workspace-admin',
  params: z.strictObject({ id: ServiceKeyId }),
  status: 204,
  answer: 'Revoked: it is refused from now on.',
  problems: ['not-found'],
} as const satisfies Endpoint
