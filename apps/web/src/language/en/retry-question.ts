/** Texts of the messages that the first load may need: it asks before it retries some. */
export const retryQuestion = {
  'messages.all.ask.retry': 'Retry {messages}?',
  'messages.all.back.retry': 'Leave them',
  'messages.all.consequence.retry':
    'Those whose content is still kept are queued again, unless they have expired. One that may have been sent already can arrive twice.',
  'messages.all.done.retry':
    '{count, plural, =0 {None of them could be queued again} one {# message will be queued again} other {# messages will be queued again}}',
  'messages.all.not-retried.expired':
    '{count, plural, one {# message is not sent any more: it has expired.} other {# messages are not sent any more: they have expired.}}',
  'messages.all.not-retried.withoutContent':
    '{count, plural, one {# message can no longer be sent: its content is deleted, so its service has to submit it again.} other {# messages can no longer be sent: their content is deleted, so their services have to submit them again.}}',
  'messages.all.not-retried.notAllowed':
    '{count, plural, one {# message is not sent: the recipients policy does not allow a recipient any more.} other {# messages are not sent: the recipients policy does not allow a recipient any more.}}',
  'messages.count': '{count, plural, one {# message} other {# messages}}',
  'messages.count-about': 'about {count, plural, one {# message} other {# messages}}',
  'messages.count-more': 'more than {count, plural, one {# message} other {# messages}}',
  'messages.counting': 'Counting…',
  'messages.not-counted': 'The messages could not be counted',
} as const
