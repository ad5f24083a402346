/** Texts of the messages that the first load may need: it asks before it retries some. */
export const retryQuestion = {
  'messages.all.ask.retry': 'Retry {messages}?',
  'messages.all.back.retry': 'Leave them',
  'messages.all.consequence.retry':
    'Those whose content is still kept are queued again, unless they have expired. One that may have been sent already can arrive twice.',
  'messages.count': '{count, plural, one {# message} other {# messages}}',
  'messages.count-about': 'about {count, plural, one {# message} other {# messages}}',
  'messages.count-more': 'more than {count, plural, one {# message} other {# messages}}',
  'messages.counting': 'Counting…',
  'messages.not-counted': 'The messages could not be counted',
} as const
