import { isDeepStrictEqual } from 'node:util'
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
  readonly properties?: Readonly<Record<string, ApiSchema>>
  readonly required?: readonly string[]
  readonly items?: ApiSchema
  readonly anyOf?: readonly ApiSchema[]
  readonly oneOf?: readonly ApiSchema[]
  readonly additionalProperties?: ApiSchema | boolean
}

export const SCHEMAS = '#/components/schemas/'

/** The schemas that have a name, as far as one of those that were described refers to them. */
export type NamedSchemas = Map<string, ApiSchema>

export type DescribedSchemas = Readonly<Record<string, ApiSchema | undefined>>

/** The schemas of what is sent, or of what is answered, as zod writes them. Those that they refer to are added to `named`. */
export function describeSchemas(
  schemas: Readonly<Record<string, z.ZodType | undefined>>,
  io: 'input' | 'output',
  named: NamedSchemas,
): DescribedSchemas {
  const given = Object.entries(schemas).flatMap(([name, schema]) => (schema ? [[name, schema] as const] : []))
  const { properties = {}, $defs = {} } = z.toJSONSchema(z.object(Object.fromEntries(given)), {
    io,
    override: keepExamples,
  }) as { properties?: Record<string, ApiSchema>; $defs?: Record<string, ApiSchema> }
  for (const [name, raw] of Object.entries($defs)) {
    const schema = legible(raw)
    if (named.has(name) && !isDeepStrictEqual(named.get(name), schema))
      throw new Error(`The schema ${name} is not the same where it is sent and where it is answered.`)
    named.set(name, schema)
  }
  return properties
}

/**
 * zod leaves the examples of what it transforms out of the schema of an input, since they may be of the output. Those of
 * the contract are of the input: the type of `meta` says so.
 */
function keepExamples({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: object }): void {
  const examples = z.globalRegistry.get(zodSchema)?.examples
  if (examples) Object.assign(jsonSchema, { examples })
}

/**
 * Has references lead to the schemas of the document, drops the pattern of date-times, which `format` already implies, and
 * moves defaults into the description: generators treat a member with a default as required.
 */
export function legible(schema: ApiSchema): ApiSchema {
  return JSON.parse(JSON.stringify(schema), (key, member: unknown) => {
    if (key === '$ref' && typeof member === 'string') return member.replace('#/$defs/', SCHEMAS)
    if (!isSchema(member)) return member
    const { default: fallback, description = '', pattern, ...rest } = member
    const text = `${description}${fallback === undefined ? '' : ` Default: ${JSON.stringify(fallback)}.`}`.trim()
    return {
      ...rest,
      ...(pattern !== undefined && rest.format !== 'date-time' && { pattern }),
      ...(text !== '' && { description: text }),
    }
  }) as ApiSchema
}

function isSchema(value: unknown): value is ApiSchema & { readonly pattern?: string } {
  return typeof value === 'object' && value !== null && ('type' in value || 'anyOf' in value)
}
