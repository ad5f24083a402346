import type { Sentences } from '../../wording.ts'

/** Why a request is refused, or not carried out. */
export const problems = {
  // The request as such
  'headers-too-large': 'The headers are larger than the {limitBytes} bytes they may have.',
  'not-http': 'The request is not valid HTTP: {reason}.',
  'request-too-large': 'The request is larger than the {limitBytes} bytes it may have here.',
  'send-as-parts': 'Send attachments as parts of a multipart/form-data body: they may be larger.',
  'method-not-served': '{method} is not served at this address. Served here: {methods}.',
  'other-address': 'This request did not come from {publicUrl}. Open the page under that address.',
  'encoding-not-supported': 'The Content-Encoding {encoding} is not supported: send the body as it is.',
  'charset-not-supported': 'The charset {charset} is not supported: send JSON in UTF-8.',
  'body-with-too-many-values': 'The body has more than the {max} values it may have.',
  'part-with-too-many-values': 'The part message has more than the {max} values it may have.',
  'boundary-missing':
    'The content type multipart/form-data needs a boundary of 1 to 70 characters. HTTP clients add it when the header is left to them.',
  'too-many-parts': 'The multipart body has too many parts: at most one is message, and {max} are attachment.',
  'part-too-large': 'The part message has more than {limitBytes} bytes. Send attachments in parts of their own.',
  faults: '{count} faults, listed in errors.',
  'more-faults': '{count} faults: the first {listed} are listed in errors, and {more} more.',

  // Time and place
  'request-late': 'The request did not arrive within {seconds} seconds.',
  'request-stopped': 'Nothing of the request arrived for {seconds} seconds.',
  'request-slow': 'Less than {bytes} bytes of the request arrived within {seconds} seconds.',
  'nothing-stored': 'Nothing was stored; send it again.',
  'no-memory':
    'Other large messages are being stored, and after {seconds} seconds there was still no memory for this one. Nothing was stored; try again in a moment.',
  'memory-share':
    'What is arriving from you occupies {heldBytes} of {totalBytes} bytes of memory, and there is no room for this one.',
  'no-place-to-wait':
    '{held} of the {total} requests that may wait for events at a time are yours, and there is no room for one more. Ask again in some seconds, or without waitSeconds.',
  'no-place-to-export':
    '{held} of the {total} exports that may run at a time are yours, and there is no room for one more. Ask again once one has ended.',
  'no-place-to-search':
    '{held} of the {total} searches that may run at a time are yours, and there is no room for one more. Ask again in some seconds.',
  'no-place-to-connect':
    '{held} of the {total} connections that may be logged in at a time are yours, and there is no room for one more.',
  'share-rule':
    'The share of a service, with all its keys, is three times what it leaves free for others; all sessions together count as one service.',
  'attachments-slow':
    'The attachments arrived too slowly: nothing could be stored for {minutes} minutes, so what had arrived was deleted. Send the message again.',
  'attachments-lost':
    'The database failed while the attachments arrived, and some of them were lost. Nothing was stored; send the message again.',
  'database-full': 'The disk of the database is full.',
  'database-read-only': 'The database is read-only.',
  'database-refuses': 'The database refuses this server: whoever operates Inforiver Mail finds the reason in its log.',
  'database-away': 'The database does not answer right now.',
  'nothing-changed': 'Nothing was changed; try again in a moment.',
  'message-in-doubt':
    'The database was lost while it stored the message: whether it is accepted is unknown. Send the same request again with the same Idempotency-Key, and it is accepted once; without one, look for the message first.',
  'change-in-doubt':
    'The database was lost while it stored the change: whether it was made is unknown. Look at how things stand before you try again.',
  'storage-full':
    'The messages occupy {storedBytes} of {storageBytes} bytes, most of it those that wait or have failed, and this one needs {neededBytes}. Wait until some have left, or cancel what is not needed; the operator can raise TENANT_STORAGE_BYTES.',
  'storage-share':
    'The messages occupy {storedBytes} of {storageBytes} bytes, those of this service {heldBytes}, and this one needs {neededBytes}. The last tenth is for services that hold less than a tenth. Wait until some of this service have left, or cancel what is not needed; the operator can raise TENANT_STORAGE_BYTES.',
  'check-running': 'The set-up is being checked already, which takes {seconds} seconds at most.',
  'check-stopping': 'Inforiver Mail is stopping. Check again once it has started.',
  'replays-running': '{max} replays of this webhook are still under way. Ask again when one of them has ended.',

  // Rights
  'scope-missing':
    'The service key lacks the scope {scope}. A workspace admin makes one that has it in Tenant Settings > Service keys.',
  'office365-smtp-disabled':
    'This installation does not use Office 365 SMTP, so that its settings are closed; a mailbox connected before goes on sending what services submit. To open them, set SMTP=Office365 in its environment or in inforiver-mail.env, then start it again.',

  // Messages
  'key-reused':
    'This Idempotency-Key was used within the last {hours} hours for a message with other content. Use a new key for a new message.',
  'mime-too-large':
    'The message has {sizeBytes} bytes; one that is signed or encrypted (S/MIME) or has a calendar invitation goes to Microsoft in one piece, of at most {limitBytes} bytes. Send it with smaller attachments, or with a link to the file.',
  'body-too-large':
    'Without attachments the message has {arriving}{sizeBytes} bytes; Microsoft takes at most {limitBytes}. Shorten it, or send the text as an attachment.',
  'attachment-too-large':
    'Attachment {attachment} has {arriving}{sizeBytes} bytes; Microsoft takes at most {limitBytes} (150 MB). Send a link to the file.',
  'attachment-between':
    'Attachment {attachment} has {arriving}{sizeBytes} bytes, and a third more encoded: too much for one request to Microsoft, which has at most {limitBytes} bytes, and too little for an upload session, which Microsoft refused for files of this size today. Send less, for example compressed, or a link to the file.',
  'message-too-large':
    'Encoded for Microsoft the message has {arriving}{sizeBytes} bytes; the organisation has refused one of {refusedBytes} bytes today. Send less, or a link to the file, or have an Exchange administrator raise the message size limit of the mailbox; a higher limit is noticed within a day.',
  'large-attachments-disabled':
    'The message has {arriving}{attachedBytes} bytes of attachments, and {arriving}{sizeBytes} bytes encoded for Microsoft; without large file attachments at most {limitBytes} encoded bytes fit, which is about 3 MB of files. A workspace admin enables large file attachments at Tenant Settings > Office 365 SMTP; or send less, or a link to the file.',
  'search-too-long':
    'The search was given up after {seconds} seconds. Narrow it by submittedFrom and submittedTo, a status or a service, or search for a longer text.',
  'search-unindexed':
    'The search was given up after {seconds} seconds, because the texts of {unindexed} messages are still being written, as after an upgrade. Narrow it by submittedFrom and submittedTo, or try again in a few minutes.',
  'not-failed': 'Only a failed message can be retried; this one is {status}.',
  'has-expired': 'The message has expired: submit it again with a later expiresAt if it is still wanted.',
  'content-deleted': 'The content of the message is deleted by now: submit it again.',
  'on-its-way': 'The message is on its way to Microsoft, or may have been sent already.',
  'in-doubt': 'The message may have been sent already. Whether it was is found out once the mailbox works again.',
  'has-ended': 'The message is {status}.',
} as const satisfies Sentences
