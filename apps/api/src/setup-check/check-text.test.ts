import { fileURLToPath } from 'node:url'
import { checks } from '@inforiver-mail/contract/language/en/checks'
import { CHECK_CODES, CheckCode, STATUS_OF_CHECK } from '@inforiver-mail/contract/setup-check'
import { expect, it } from 'vitest'

const DOCUMENT = fileURLToPath(new URL('../../../../docs/set-up-check.md', import.meta.url))

const names = Object.keys(checks)
const textsOf = (...parts: readonly string[]) =>
  Object.entries(checks).flatMap(([name, text]) => (parts.some((part) => name.endsWith(`.${part}`)) ? [text] : []))

it('says what to do about every check that fails or warns', () => {
  const troubles = CheckCode.options.filter((code) => ['failed', 'warning'].includes(STATUS_OF_CHECK[code]))
  expect(troubles.filter((code) => !names.includes(`${code}.action`))).toEqual([])
})

it('writes sentences, and titles without a full stop', () => {
  // A sentence may end with a value, which brings its own full stop, or with a command.
  expect(textsOf('detail', 'action').filter((text) => !/[.}]$/.test(text))).toEqual([])
  expect(textsOf('title').filter((title) => title.endsWith('.'))).toEqual([])
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
    const troubles = Object.entries(codes).filter(([, status]) => ['failed', 'warning'].includes(status))
    return [
      `## ${HEADINGS[name] ?? name}\n`,
      ...troubles.map(([code, status]) => lineOf(code as CheckCode, status)),
      '',
    ].join('\n')
  })
  return [INTRODUCTION, ...sections].join('\n')
}

function lineOf(code: CheckCode, status: string): string {
  return `- ${'`' + code + '`'} (${status}): ${checks[`${code}.title`].replace(/\{(\w+)\}/g, '*$1*')}`
}

const INTRODUCTION = `# Set-up check

What \`doctor\` and \`POST /api/v1/tenant-settings/office365-smtp/check\` find wrong, by check. With a finding they tell its details, and who does what about it; what is skipped says why. This page is generated from the contract's \`setup-check.ts\` and \`language/en/checks.ts\`; words in italics are filled in.

All checks run together and take 20 seconds at most. They send nothing and change no setting; an access token that has expired is refreshed and stored, as for a message. A check that depends on another one is skipped when that one failed, and says so. The command alone checks \`port\` and, where the SMTP door is on, \`smtp\`.
`
