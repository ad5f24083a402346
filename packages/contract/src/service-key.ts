import { z } from 'zod'
import { bounded } from './bounded.ts'
import { Scope } from './caller.ts'
import type { Endpoint } from './endpoint.ts'
import { Moment } from './moment.ts'
import { AllowedDomains } from './recipients-policy.ts'
import { fault } from './fault-text.ts'

const ServiceKeyId = z.string().regex(/^key_[0-9a-f]{32}$/, fault('not-an-id', { what: 'a service key' }))

export const ServiceKey = z.strictObject({
  id: ServiceKeyId,
  /** The service it belongs to. Several keys may share a name, so that a key can be rotated. */
  name: z.string(),
  scopes: z.array(Scope),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
  /** It is refused from then on; null where it has no end. */
  expiresAt: z.iso.datetime().nullable(),
  /** Who it may write to, among those that the installation allows; an empty list narrows nothing. */
  allowedDomains: z.array(z.string()),
  /** The addresses and networks it may be used from; an empty list allows all. */
  allowedAddresses: z.array(z.string()),
})
export type ServiceKey = z.infer<typeof ServiceKey>

const MAX_SCOPES = Scope.options.length
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
  name: ServiceName,
  scopes: bounded(
    z
      .array(Scope, { error: fault('scope-list') })
      .min(1, fault('scope-missing'))
      .refine((scopes) => new Set(scopes).size === scopes.length, fault('scope-twice')),
    MAX_SCOPES,
    fault('too-many-scopes', { max: MAX_SCOPES }),
  ),
  expiresAt: Moment.nullable().default(null),
  allowedDomains: AllowedDomains.default([]),
  allowedAddresses: bounded(
    z.array(ClientAddress, { error: fault('network-list') }),
    MAX_ALLOWED_ADDRESSES,
    fault('too-many-networks', { max: MAX_ALLOWED_ADDRESSES }),
  ).default([]),
})
export type ServiceKeyInput = z.infer<typeof ServiceKeyInput>

export const listServiceKeys = {
  operation: 'listServiceKeys',
  summary: 'Lists the service keys, without their values.',
  method: 'GET',
  path: '/api/v1/service-keys',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  response: z.strictObject({ items: z.array(ServiceKey) }),
  answer: 'The keys that are valid, and those that ended last.',
  problems: [],
} as const satisfies Endpoint

export const createServiceKey = {
  operation: 'createServiceKey',
  summary: 'Makes a service key.',
  method: 'POST',
  path: '/api/v1/service-keys',
  session: 'workspace-admin',
  scope: null,
  body: ServiceKeyInput,
  status: 201,
  /** `key` is returned here and never again. */
  response: ServiceKey.extend({ key: z.string() }),
  answer: 'The key, shown only here.',
  problems: [],
} as const satisfies Endpoint

export const revokeServiceKey = {
  operation: 'revokeServiceKey',
  summary: 'Revokes a service key.',
  method: 'DELETE',
  path: '/api/v1/service-keys/:id',
  session: 'workspace-admin',
  scope: null,
  params: z.strictObject({ id: ServiceKeyId }),
  status: 204,
  response: null,
  answer: 'Revoked: it is refused from now on.',
  problems: ['not-found'],
} as const satisfies Endpoint
