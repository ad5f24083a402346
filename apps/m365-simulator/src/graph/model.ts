/**
 * The mail part of Graph's own description (schemas/v1.0-Prod.csdl of microsoftgraph/msgraph-metadata), as far as a
 * request may contain it. `message` is an open type there, and yet the service refuses properties it does not know.
 */
export interface ModelType {
  readonly base?: string
  readonly isAbstract?: true
  /** By name; `required`: present and not null. */
  readonly properties: Readonly<Record<string, string>>
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
    // The service's own description says less; an attachment without either is refused when it is saved.
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
