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
  dateTimeTimeZone: { properties: { dateTime: 'Edm.String', timeZone: 'Edm.String' }, required: ['dateTime'] },
  emailAddress: { properties: { address: 'Edm.String', name: 'Edm.String' } },
  followupFlag: {
    properties: {
      completedDateTime: 'dateTimeTimeZone',
      dueDateTime: 'dateTimeTimeZone',
      flagStatus: 'followupFlagStatus',
      startDateTime: 'dateTimeTimeZone',
    },
  },
  internetMessageHeader: { properties: { name: 'Edm.String', value: 'Edm.String' } },
  itemBody: { properties: { content: 'Edm.String', contentType: 'bodyType' } },
  recipient: { properties: { emailAddress: 'emailAddress' } },
  entity: { isAbstract: true, properties: { id: 'Edm.String' } },
  outlookItem: {
    base: 'entity',
    isAbstract: true,
    properties: {
      categories: 'Collection(Edm.String)',
      changeKey: 'Edm.String',
      createdDateTime: 'Edm.DateTimeOffset',
      lastModifiedDateTime: 'Edm.DateTimeOffset',
    },
  },
  message: {
    base: 'outlookItem',
    properties: {
      bccRecipients: 'Collection(recipient)',
      body: 'itemBody',
      bodyPreview: 'Edm.String',
      ccRecipients: 'Collection(recipient)',
      conversationId: 'Edm.String',
      conversationIndex: 'Edm.Binary',
      flag: 'followupFlag',
      from: 'recipient',
      hasAttachments: 'Edm.Boolean',
      importance: 'importance',
      inferenceClassification: 'inferenceClassificationType',
      internetMessageHeaders: 'Collection(internetMessageHeader)',
      internetMessageId: 'Edm.String',
      isDeliveryReceiptRequested: 'Edm.Boolean',
      isDraft: 'Edm.Boolean',
      isRead: 'Edm.Boolean',
      isReadReceiptRequested: 'Edm.Boolean',
      parentFolderId: 'Edm.String',
      receivedDateTime: 'Edm.DateTimeOffset',
      replyTo: 'Collection(recipient)',
      sender: 'recipient',
      sentDateTime: 'Edm.DateTimeOffset',
      subject: 'Edm.String',
      toRecipients: 'Collection(recipient)',
      uniqueBody: 'itemBody',
      webLink: 'Edm.String',
      attachments: 'Collection(attachment)',
      multiValueExtendedProperties: 'Collection(multiValueLegacyExtendedProperty)',
      singleValueExtendedProperties: 'Collection(singleValueLegacyExtendedProperty)',
    },
  },
  attachment: {
    base: 'entity',
    isAbstract: true,
    properties: {
      contentType: 'Edm.String',
      isInline: 'Edm.Boolean',
      lastModifiedDateTime: 'Edm.DateTimeOffset',
      name: 'Edm.String',
      size: 'Edm.Int32',
    },
  },
  fileAttachment: {
    base: 'attachment',
    properties: { contentBytes: 'Edm.Binary', contentId: 'Edm.String', contentLocation: 'Edm.String' },
    // Stricter than the metadata: the service refuses to save an attachment without either.
    required: ['name', 'contentBytes'],
  },
  attachmentItem: {
    properties: {
      attachmentType: 'attachmentType',
      contentId: 'Edm.String',
      contentType: 'Edm.String',
      isInline: 'Edm.Boolean',
      name: 'Edm.String',
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
