import { fileURLToPath } from 'node:url'
import { CHECK_CODES, CheckCode } from '@inforiver-mail/contract/setup-check'
import { expect, it } from 'vitest'
import { CHECK_TEXTS } from './check-text.ts'

const DOCUMENT = fileURLToPath(new URL('../../../../docs/set-up-check.md', import.meta.url))
const texts = CheckCode.options.map((code) => Object.assign({ code }, CHECK_TEXTS[code]))

it('says what to do about every check that fails or warns', () => {
  expect(texts.filter(({ status, action }) => (status === 'failed' || status === 'warning') && !action)).toEqual([])
})

it('writes sentences, and titles without a full stop', () => {
  const sentences = texts.flatMap(({ detail, action }) => [detail, action ?? 'None.'])
  // A sentence may end with a value, which brings its own full stop, or with a command.
  expect(sentences.filter((text) => !/[.}]$/.test(text))).toEqual([])
  expect(texts.filter(({ title }) => title.endsWith('.')).map(({ title }) => title)).toEqual([])
})

/** After a change of a text, `vitest run check-text -u` writes the document again. */
it('is described in set-up-check.md', async () => {
  await expect(document()).toMatchFileSnapshot(DOCUMENT)
})

const HEADINGS: Partial<Record<string, string>> = {
  any: 'Any check',
  hosts: 'entra-reachable, graph-reachable, upload-host-reachable',
}

function document(): string {
  const sections = Object.entries(CHECK_CODES).map(([name, codes]) => {
    const troubles = codes.filter((code) => ['failed', 'warning'].includes(CHECK_TEXTS[code].status))
    return [`## ${HEADINGS[name] ?? name}\n`, ...troubles.map(lineOf), ''].join('\n')
  })
  return [INTRODUCTION, ...sections].join('\n')
}

function lineOf(code: CheckCode): string {
  const { status, title } = CHECK_TEXTS[code]
  return `- ${'`' + code + '`'} (${status}): ${title.replace(/\{(\w+)\}/g, '*$1*')}`
}

const INTRODUCTION = `# Set-up check

What \`doctor\` and \`POST /api/v1/tenant-settings/office365-smtp/check\` find wrong, by check. With a finding they tell its details, and who does what about it; what is skipped says why. This page is generated from \`apps/api/src/setup-check/check-text.ts\`; words in italics are filled in.

All checks run together and take 20 seconds at most. They send nothing and change no setting; an access token that has expired is refreshed and stored, as for a message. A check that depends on another one is skipped when that one failed, and says so. The command alone checks \`port\` and, where the SMTP door is on, \`smtp\`.
`
