import { expect, it } from 'vitest'
import { findPayloadFault } from './check-payload.ts'

it.each([
  [
    'a message as the documentation shows it',
    { subject: 'x', body: { contentType: 'HTML', content: 'x' }, importance: 'High' },
  ],
  ['null where null is allowed', { subject: null, from: null, importance: null }],
  ['properties the service sets itself', { id: 'x', isDraft: true, receivedDateTime: '2026-11-24T10:00:00Z' }],
  ['annotations of OData', { '@odata.type': '#microsoft.graph.message', subject: 'x' }],
])('accepts %s', (_what, message) => {
  expect(findPayloadFault(message, 'message', 'message')).toBeNull()
})

it.each([
  ['an unknown property', { subjekt: 'x' }, "The property 'subjekt' does not exist on type 'microsoft.graph.message'"],
  ['a property in another case', { Subject: 'x' }, "'Subject' does not exist"],
  ['an unknown property deep inside', { toRecipients: [{ emailAddress: { adress: 'x' } }] }, "'adress' does not exist"],
  ['a number for a string', { subject: 1 }, "expected type 'Edm.String'"],
  ['a string for a flag', { isRead: 'true' }, "expected type 'Edm.Boolean'"],
  ['an object for a collection', { toRecipients: {} }, 'a collection was expected'],
  ['null for a collection', { toRecipients: null }, 'a collection was expected'],
  ['null in a collection', { toRecipients: [null] }, 'A null value was found'],
  [
    'an unknown member of an enumeration',
    { body: { contentType: 'markdown' } },
    "was not found in 'microsoft.graph.bodyType'",
  ],
  ['a string for an object', { body: 'x' }, "an object of type 'microsoft.graph.itemBody' was expected"],
  ['a date without a time zone', { sentDateTime: '2026-11-24T10:00:00' }, "expected type 'Edm.DateTimeOffset'"],
  ['an attachment of no type', { attachments: [{ name: 'x' }] }, 'is abstract'],
  [
    'an attachment of another type',
    { attachments: [{ '@odata.type': '#microsoft.graph.message' }] },
    "is not a 'microsoft.graph.attachment'",
  ],
  [
    'an attachment without content',
    { attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'x' }] },
    "'contentBytes' is missing",
  ],
  [
    'content that is not base64',
    { attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'x', contentBytes: 'a-b_' }] },
    "expected type 'Edm.Binary'",
  ],
  [
    'an extended property without a value',
    { singleValueExtendedProperties: [{ id: 'String 0x1045' }] },
    "'value' is missing",
  ],
])('refuses %s', (_what, message, text) => {
  expect(findPayloadFault(message, 'message', 'message')).toContain(text)
})
