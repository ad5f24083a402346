import type * as contract from '@inforiver-mail/contract/message'
import type { MessageInput } from '@inforiver-mail/contract/message-input'
import type { MessageFilter as ContractFilter } from '@inforiver-mail/contract/message-list'
import type { Usage as ContractUsage } from '@inforiver-mail/contract/usage'
import type { Values as ContractValues } from '@inforiver-mail/contract/values'
import { expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type {
  Attachment,
  Delivery,
  DeliveryReport,
  Message,
  MessageFilter,
  MessageSummary,
  SendMessage,
  Usage,
  Values,
} from './types.ts'

// The compiler checks these when the package is type-checked.

it('has the shapes of the contract', () => {
  expectTypeOf<Message>().toEqualTypeOf<contract.Message>()
  expectTypeOf<MessageSummary>().branded.toEqualTypeOf<contract.MessageSummary>()
  expectTypeOf<Attachment>().toEqualTypeOf<contract.Attachment>()
  expectTypeOf<Delivery>().toEqualTypeOf<contract.Delivery>()
  expectTypeOf<DeliveryReport>().toEqualTypeOf<contract.DeliveryReport>()
  expectTypeOf<Usage>().toEqualTypeOf<ContractUsage>()
  // A key may not ask for a service: it sees its own. The limit is that of a page.
  expectTypeOf<MessageFilter>().branded.toEqualTypeOf<Omit<ContractFilter, 'service'> & { limit?: number }>()
  expectTypeOf<Values>().toEqualTypeOf<ContractValues>()
  expectTypeOf<keyof SendMessage>().toEqualTypeOf<keyof z.input<typeof MessageInput>>()
  expectTypeOf<Pick<SendMessage, Plain>>().toExtend<Pick<z.input<typeof MessageInput>, Plain>>()
})

/** What is not a list, whose input the contract checks by itself. */
type Plain = Exclude<keyof SendMessage, 'to' | 'cc' | 'bcc' | 'replyTo' | 'attachments' | 'headers'>
