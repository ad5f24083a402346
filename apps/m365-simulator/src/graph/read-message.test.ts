import { expect, it } from 'vitest'
import { GraphError } from './graph-error.ts'
import { readMessage } from './read-message.ts'

const FILE = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'x', contentBytes: 'YWJj' }

it('reads names of enumerations in any case', () => {
  const { content } = readMessage({ body: { contentType: 'HTML', content: 'x' }, importance: 'High' })
  expect(content).toMatchObject({ body: { contentType: 'html', content: 'x' }, importance: 'high' })
})

it('takes null where null is allowed for its default', () => {
  const { content, from } = readMessage({ subject: null, from: null, importance: null, body: null })
  expect([content.subject, content.importance, content.body.content, from]).toEqual(['', 'normal', '', null])
})

it('ignores annotations of OData', () => {
  expect(readMessage({ '@odata.type': '#microsoft.graph.message', subject: 'x' }).content.subject).toBe('x')
})

it.each([
  ['an unknown property', { subjekt: 'x' }],
  ['a property in another case', { Subject: 'x' }],
  ['an unknown property deep inside', { toRecipients: [{ emailAddress: { adress: 'x' } }] }],
  ['a number for a string', { subject: 1 }],
  ['a string for a flag', { attachments: [{ ...FILE, isInline: 'true' }] }],
  ['an object for a collection', { toRecipients: {} }],
  ['null for a collection', { toRecipients: null }],
  ['null in a collection', { toRecipients: [null] }],
  ['an unknown member of an enumeration', { body: { contentType: 'markdown' } }],
  ['a string for an object', { body: 'x' }],
  ['an attachment of no type', { attachments: [{ ...FILE, '@odata.type': undefined }] }],
  ['an attachment of another type', { attachments: [{ ...FILE, '@odata.type': '#microsoft.graph.itemAttachment' }] }],
  ['an attachment without content', { attachments: [{ ...FILE, contentBytes: undefined }] }],
  ['content that is not base64', { attachments: [{ ...FILE, contentBytes: 'a-b_' }] }],
  ['an extended property without a value', { singleValueExtendedProperties: [{ id: 'String 0x1045' }] }],
])('refuses %s', (_what, message) => {
  expect(() => readMessage(message)).toThrow(GraphError)
})
