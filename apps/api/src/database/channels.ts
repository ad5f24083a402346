/** On this channel a transaction that queues messages wakes the workers when it commits. */
export const MESSAGES_CHANNEL = 'inforiver_mail_messages'
