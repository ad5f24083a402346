import { fileURLToPath } from 'node:url'
import { DELIVERY_CODES } from '@inforiver-mail/contract/delivery-cause'
import { deliveries } from '@inforiver-mail/contract/language/en/deliveries'
import { ENGLISH } from '@inforiver-mail/contract/language/english'
import { expect, it } from 'vitest'
import { ENTRA_CODES, sentencesOf, type Actor, type EntraCode } from './identity/entra-codes.ts'
import type { Refused } from './mailer/classify-failure.ts'
import { GRAPH_CODES, type GraphVerdict } from './mailer/graph-codes.ts'
import { toMessageProblem } from './mailer/explain-problem.ts'
import { ADMIN_CENTERS } from './test-support/remedy.ts'

const DOCUMENT = fileURLToPath(new URL('../../../docs/microsoft-codes.md', import.meta.url))

const ACTORS: Readonly<Record<Actor, string>> = {
  person: 'whoever signs in',
  'entra-administrator': 'an Entra administrator',
  operator: 'whoever operates Inforiver Mail',
  support: 'the support of Inforiver',
  nobody: 'nobody',
}

const CLASSES: Readonly<Record<string, string>> = {
  'other-temporary': 'other 4.x.x',
  'other-address': 'other 5.1.x',
  'other-mailbox': 'other 5.2.x',
  'other-mail-system': 'other 5.3.x',
  'other-network': 'other 5.4.x',
  'other-content': 'other 5.6.x',
  'other-policy': 'other 5.7.x',
  'other-permanent': 'any other',
}

const STAGES = { 'sign-in': ' (sign-in)', consent: ' (consent)', renewal: ' (connection)' } as const

const VERDICTS = {
  throttled: '`throttled`: the mailbox pauses, and the message is sent afterwards',
  unavailable: '`unavailable`: the message is sent later',
  passing: '`unavailable`: the message is sent later; a draft that was being sent is looked for first',
  unknown: '`unknown`: the message may have been sent; it is sent again, unless it asked for `onUnknownOutcome: stop`',
  busy: 'as `unavailable`, or as `unknown` from 500 on without `Retry-After`',
} as const

/** After a change to a table, `vitest run microsoft-codes -u` writes the document again. */
it('documents exactly the codes of the tables', async () => {
  await expect(document()).toMatchFileSnapshot(DOCUMENT)
})

function document(): string {
  return `# Microsoft's codes

How Inforiver Mail handles each code of Microsoft Entra, Microsoft Graph and Exchange Online. This page is generated from the tables that decide it: \`entra-codes.ts\` in \`packages/m365/src/identity/\`, \`graph-codes.ts\` in \`packages/m365/src/mailer/\`, and \`delivery-cause.ts\` in \`packages/contract/src/\`; their texts are in \`language/en/\` there.

## Microsoft Entra (AADSTS)

The number decides the text, and how a consent fails. Whether an existing connection ends is decided by \`error\`; the column below assumes one of the errors that are listed. A number that is not listed is judged by \`error\` and \`suberror\` alone.

| AADSTS | comes with | a consent fails as | an existing connection | who acts | meaning |
|---|---|---|---|---|---|
${ENTRA_CODES.map(entraLine).join('\n')}

## Microsoft Graph

A refusal that concerns the mailbox fails no message by itself. Once two messages met it in turn, with nothing sent between, all of the mailbox are held as \`mailbox-refused\`, or those that go by draft, where that is refused; until then the message waits. One that is refused three times while others leave ends as \`message-refused\`. With \`GRAPH_AUTH=application\` a denied access asks for a reconnection instead. \`ErrorTenantNotFoundInCurrentSovereignEnvironment\` asks for [another database](operations.md#another-tenant-app-registration-or-cloud), since one belongs to one cloud.

A code that is not listed is classified by the HTTP status. An answer below 500 that has neither Graph's error object nor one of its headers is that of something in between ([network](network.md#what-answers-in-place-of-microsoft)): the message is sent later. \`UnknownError\` with the status 400, 403, 413 or 422 is classified by the status as well. After 504 the outcome is always unknown. After 401 the message is tried again at once, with a new token; where that is refused too, the mailbox pauses (\`token-refused\`).

| code | HTTP status | concerns | problem | meaning |
|---|---|---|---|---|
${Object.entries(GRAPH_CODES)
  .map(([code, { statuses, verdict }]) => graphLine(code, statuses, verdict))
  .join('\n')}

## Non-delivery reports

What the code of a recipient means, as reported by a bounce or by the message trace. Where Exchange Online only passes on what another server said (5.0.350, 5.7.350), the innermost code of that counts. 5.1.90, 5.7.232, 5.7.233 and 5.7.236 pause the mailbox as well.

| code | meaning |
|---|---|
${Object.entries({ ...DELIVERY_CODES, ...CLASSES })
  .map(([cause, codes]) => `| ${[codes].flat().join(', ')} | ${deliveries[cause as keyof typeof deliveries]} |`)
  .join('\n')}
`
}

function entraLine({ codes, only, sentWith, kind, actor }: EntraCode): string {
  const name = sentencesOf({ codes, only })
  const renewal =
    only === 'sign-in' || only === 'consent'
      ? '–'
      : kind === 'microsoft-unavailable'
        ? 'is kept, and retried'
        : kind === 'app-misconfigured'
          ? 'is held until the registration is fixed'
          : 'has to be reconnected'
  const consent = only === 'renewal' ? '–' : `\`${kind}\``
  const errors = sentWith.map((pair) => `\`${pair}\``).join(', ')
  const numbers = `${codes.join(', ')}${only ? STAGES[only] : ''}`
  return `| ${numbers} | ${errors} | ${consent} | ${renewal} | ${ACTORS[actor]} | ${meaningOf(name)} |`
}

function graphLine(code: string, statuses: readonly number[], verdict: GraphVerdict): string {
  const refusal = typeof verdict === 'string' ? null : verdict
  const facts = { outcome: 'refused', microsoftCode: code, requestId: null, title: '', detail: '' } as const
  const concerns = refusal ? `the ${refusal.concerns}` : '–'
  const problem = refusal ? `\`${problemOf({ ...facts, ...refusal })}\`` : '–'
  const meaning = typeof verdict === 'string' ? VERDICTS[verdict] : meaningOf(`graph.${verdict.name}`)
  return `| \`${code}\` | ${statuses.join(', ')} | ${concerns} | ${problem} | ${meaning} |`
}

function meaningOf(name: string): string {
  return `${ENGLISH[`${name}.title`]}. ${ENGLISH[`${name}.detail`]}`
}

/** A used-up limit of sending pauses the mailbox, and ends a message after a day. */
function problemOf(refused: Refused): string {
  const isHeld = refused.concerns === 'mailbox' && refused.reason !== 'sending-limit-reached'
  return isHeld ? 'mailbox-refused' : toMessageProblem(refused, ADMIN_CENTERS).code
}
