import { AuditEvent } from '@inforiver-mail/contract/audit'
import { ConsentProblem, SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import {
  Attachment,
  DeliveryReport,
  Message,
  MessageAttempt,
  MessageProblem,
  MessageSummary,
  Recipient,
} from '@inforiver-mail/contract/message'
import { InlineContent, MessageInput, PartReference, RecipientInput } from '@inforiver-mail/contract/message-input'
import { Usage } from '@inforiver-mail/contract/usage'
import { MessageEvent } from '@inforiver-mail/contract/message-event'
import { Notice } from '@inforiver-mail/contract/notice'
import { Consent, Office365SmtpSettings, ResetSettings, SenderInput } from '@inforiver-mail/contract/office365-smtp'
import { OutcomeCounts, Overview } from '@inforiver-mail/contract/overview'
import { InputFault, Problem } from '@inforiver-mail/contract/problem'
import { RecipientsPolicy, RecipientsPolicyInput } from '@inforiver-mail/contract/recipients-policy'
import { SendingLimits, SendingLimitsInput } from '@inforiver-mail/contract/sending-limits'
import { ServiceKey, ServiceKeyInput } from '@inforiver-mail/contract/service-key'
import { Session, SessionEntry } from '@inforiver-mail/contract/session'
import { Check } from '@inforiver-mail/contract/setup-check'
import { Values } from '@inforiver-mail/contract/values'
import { Webhook, WebhookAttempt, WebhookInput } from '@inforiver-mail/contract/webhook'
import { createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'

/** The schemas that have a name in the document, so that a generator makes one type of each, however often it is used. */
const NAMED = {
  SubmitMessage: MessageInput,
  SubmitRecipient: RecipientInput,
  SubmitAttachment: InlineContent,
  AttachmentPart: PartReference,
  Message,
  MessageSummary,
  Recipient,
  RecipientDelivery: DeliveryReport,
  Attachment,
  MessageAttempt,
  MessageProblem,
  MessageEvent,
  Usage,
  Overview,
  OutcomeCounts,
  SendingLimits,
  ReplaceSendingLimits: SendingLimitsInput,
  Settings: Office365SmtpSettings,
  SettingsProblem,
  SettingsAfterReset: ResetSettings,
  Sender: SenderInput,
  Consent,
  ConsentProblem,
  Check,
  RecipientsPolicy,
  ReplaceRecipientsPolicy: RecipientsPolicyInput,
  ServiceKey,
  CreateServiceKey: ServiceKeyInput,
  Webhook,
  CreateWebhook: WebhookInput,
  WebhookAttempt,
  Notice,
  AuditEvent,
  Session,
  SessionEntry,
  Problem,
  InputFault,
  Values,
} as const satisfies Record<string, z.ZodType>

for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id })

/** An OpenAPI document, as far as it is read here. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, ApiSchema>>
    readonly examples: Readonly<
      Record<string, { readonly summary: string; readonly description: string; readonly value: unknown }>
    >
  }
}

export interface ApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly ApiParameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, ApiContent>> }
  readonly responses: Readonly<Record<string, ApiResponse>>
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  /** A request to copy, as several viewers of OpenAPI show it. */
  readonly 'x-codeSamples'?: readonly { readonly lang: string; readonly source: string }[]
}

export interface ApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly example?: unknown
  readonly schema: ApiSchema
}

export interface ApiContent {
  readonly schema: ApiSchema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, unknown>>
}

export interface ApiResponse {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description?: string }>>
  readonly content?: Readonly<Record<string, ApiContent>>
}

/** JSON Schema, as far as zod writes it. */
export interface ApiSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly maxLength?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, ApiSchema>>
  readonly required?: readonly string[]
  readonly items?: ApiSchema
  readonly anyOf?: readonly ApiSchema[]
  readonly oneOf?: readonly ApiSchema[]
  readonly additionalProperties?: ApiSchema | boolean
}

export const SCHEMAS = '#/components/schemas/'

/**
 * zod leaves the examples of what it transforms out of the schema of an input, since they may be of the output. Those of
 * the contract are of the input: the type of `meta` says so.
 */
export function keepExamples({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }): void {
  const examples = z.globalRegistry.get(zodSchema)?.examples
  if (examples) Object.assign(jsonSchema, { examples })
}

const toJsonSchemas = createJsonSchemaTransformObject({ zodToJsonConfig: { override: keepExamples } })
type Transformed = Parameters<typeof toJsonSchemas>[0]

/**
 * Adds the named schemas to the document. Each comes in two versions, of what is sent (`…Input`) and of what is answered:
 * one that nothing refers to is left out, and two that are the same become one.
 */
export function withNamedSchemas(document: Transformed): ApiDocument {
  const { components, ...rest } = toJsonSchemas(document) as unknown as ApiDocument
  const all = components.schemas
  const used = reachable(rest, all)
  const renamed = new Map<string, string>()
  for (const name of used) {
    const base = Object.keys(NAMED).find((each) => name === `${each}Input`)
    if (base !== undefined && (!used.has(base) || isSame(all[name], all[base]))) renamed.set(name, base)
  }
  const tidy = <Value>(value: Value): Value =>
    JSON.parse(JSON.stringify(value), (key, member: unknown) => {
      if (key === '$ref' && typeof member === 'string' && member.startsWith(SCHEMAS))
        return `${SCHEMAS}${renamed.get(member.slice(SCHEMAS.length)) ?? member.slice(SCHEMAS.length)}`
      return isSchema(member) ? legible(member) : member
    }) as Value
  const schemas = [...used].map((name) => [renamed.get(name) ?? name, tidy(all[name] ?? {})] as const).toSorted(byName)
  return { ...tidy(rest), components: { ...components, schemas: Object.fromEntries(schemas) } }
}

function isSchema(value: unknown): value is ApiSchema & { readonly pattern?: string } {
  return typeof value === 'object' && value !== null && ('type' in value || 'anyOf' in value)
}

/**
 * Drops the pattern of date-times, which `format` already implies, and moves defaults into the description: generators
 * treat a member with a default as required.
 */
function legible({ default: fallback, description, pattern, ...schema }: ApiSchema & { readonly pattern?: string }) {
  const worded = fallback === undefined ? [] : [`Default: ${JSON.stringify(fallback)}.`]
  const text = [...(description === undefined ? [] : [description]), ...worded].join(' ')
  return {
    ...schema,
    ...(pattern !== undefined && schema.format !== 'date-time' && { pattern }),
    ...(text !== '' && { description: text }),
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}

/** Compares two versions of a schema, whose references may differ only in the version that they name. */
function isSame(input: unknown, output: unknown): boolean {
  const text = (schema: unknown) => JSON.stringify(schema).replaceAll(/(#\/components\/schemas\/\w+?)Input"/g, '$1"')
  return text(input) === text(output)
}

/** The names of all schemas that the document refers to, directly or through others. */
function reachable(document: unknown, schemas: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue
      found.add(name)
      visit(schemas[name])
    }
  }
  visit(document)
  return found
}
