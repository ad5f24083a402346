import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

export const Scope = z.enum(['messages:send', 'messages:read', 'settings:read'])
export type Scope = z.infer<typeof Scope>

export const ServiceKeyId = z.string().regex(/^key_[0-9a-f]{32}$/, 'Not the id of a service key.')

export const ServiceKey = z.strictObject({
  id: ServiceKeyId,
  /** The service it belongs to. Several keys of one name are one service: so a key is rotated. */
  name: z.string(),
  scopes: z.array(Scope),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})
export type ServiceKey = z.infer<typeof ServiceKey>

export const ServiceKeyInput = z.strictObject({
  name: z
    .string()
    .min(1, 'A name is needed, such as report-scheduler.')
    .max(100, 'At most 100 characters.')
    .refine(
      (name) => name === name.trim() && !/\p{C}/u.test(name),
      'No spaces around it, and no invisible characters.',
    ),
  scopes: z
    .array(Scope)
    .min(1, 'At least one scope is needed.')
    .refine((scopes) => new Set(scopes).size === scopes.length, 'Each scope once.'),
})
export type ServiceKeyInput = z.infer<typeof ServiceKeyInput>

export const listServiceKeys = {
  method: 'GET',
  path: '/api/v1/service-keys',
  status: 200,
  response: z.strictObject({ items: z.array(ServiceKey) }),
} as const satisfies Endpoint

export const createServiceKey = {
  method: 'POST',
  path: '/api/v1/service-keys',
  body: ServiceKeyInput,
  status: 201,
  /** `key` is shown here and never again. */
  response: ServiceKey.extend({ key: z.string() }),
} as const satisfies Endpoint

export const revokeServiceKey = {
  method: 'DELETE',
  path: '/api/v1/service-keys/:id',
  params: z.strictObject({ id: ServiceKeyId }),
  status: 204,
  response: null,
} as const satisfies Endpoint
