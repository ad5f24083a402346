/**
 * The part of Graph's metadata (schemas/v1.0-Prod.csdl of microsoftgraph/msgraph-metadata) that a request for mail may
 * contain. Although `message` is an open type there, the service refuses properties it does not know.
 */
export interface ModelType {
  readonly base?: string
  readonly isAbstract?: true
  /** Types by property name. */
  readonly properties: Readonly<Record<string, string>>
  /** These have to be present and not null. */
  readonly required?: readonly string[]
}

export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  attachmentType: ['file', 'item', 'reference'],
  bodyType: ['text', 'html'],
  followupFlagStatus: ['notFlagged', 'complete', 'flagged'],
  importance: ['low', 'normal', 'high'],
  inferenceClassificationType: ['focused', 'other'],
}

export const TYPES: Readonly<Record<string, ModelType>> = {
  dateTimeTimeZone: { properties: of('Edm.String', 'dateTime', 'timeZone'), required: ['dateTime'] },
  emailAddress: { properties: of('Edm.String', 'address', 'name') },
  followupFlag: {
    properties: {
      ...of('dateTimeTimeZone', 'completedDateTime', 'dueDateTime', 'startDateTime'),
      flagStatus: 'followupFlagStatus',
    },
  },
  internetMessageHeader: { properties: of('Edm.String', 'name', 'value') },
  itemBody: { properties: { content: 'Edm.String', contentType: 'bodyType' } },
  recipient: { properties: { emailAddress: 'emailAddress' } },
  entity: { isAbstract: true, properties: { id: 'Edm.String' } },
  outlookItem: {
    base: 'entity',
    isAbstract: true,
    properties: {
      categories: 'Collection(Edm.String)',
      changeKey: 'Edm.String',
      ...of('Edm.DateTimeOffset', 'createdDateTime', 'lastModifiedDateTime'),
    },
  },
  message: {
    base: 'outlookItem',
    properties: {
      ...of('Edm.String', 'bodyPreview', 'conversationId', 'internetMessageId', 'parentFolderId', 'subject', 'webLink'),
      ...of(
        'Edm.Boolean',
        'hasAttachments',
        'isDeliveryReceiptRequested',
        'isDraft',
        'isRead',
        'isReadReceiptRequested',
      ),
      ...of('Edm.DateTimeOffset', 'receivedDateTime', 'sentDateTime'),
      ...of('itemBody', 'body', 'uniqueBody'),
      ...of('recipient', 'from', 'sender'),
      ...of('Collection(recipient)', 'bccRecipients', 'ccRecipients', 'replyTo', 'toRecipients'),
      attachments: 'Collection(attachment)',
      conversationIndex: 'Edm.Binary',
      flag: 'followupFlag',
      importance: 'importance',
      inferenceClassification: 'inferenceClassificationType',
      internetMessageHeaders: 'Collection(internetMessageHeader)',
      multiValueExtendedProperties: 'Collection(multiValueLegacyExtendedProperty)',
      singleValueExtendedProperties: 'Collection(singleValueLegacyExtendedProperty)',
    },
  },
  attachment: {
    base: 'entity',
    isAbstract: true,
    properties: {
      ...of('Edm.String', 'contentType', 'name'),
      isInline: 'Edm.Boolean',
      lastModifiedDateTime: 'Edm.DateTimeOffset',
      size: 'Edm.Int32',
    },
  },
  fileAttachment: {
    base: 'attachment',
    properties: { contentBytes: 'Edm.Binary', ...of('Edm.String', 'contentId', 'contentLocation') },
    // Stricter than the metadata: the service refuses to save an attachment without either.
    required: ['name', 'contentBytes'],
  },
  attachmentItem: {
    properties: {
      attachmentType: 'attachmentType',
      ...of('Edm.String', 'contentId', 'contentType', 'name'),
      isInline: 'Edm.Boolean',
      size: 'Edm.Int64',
    },
    required: ['attachmentType', 'name', 'size'],
  },
  itemAttachment: { base: 'attachment', properties: { item: 'outlookItem' } },
  singleValueLegacyExtendedProperty: { base: 'entity', properties: { value: 'Edm.String' }, required: ['id', 'value'] },
  multiValueLegacyExtendedProperty: {
    base: 'entity',
    properties: { value: 'Collection(Edm.String)' },
    required: ['id', 'value'],
  },
}

function of(type: string, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, type]))
}
