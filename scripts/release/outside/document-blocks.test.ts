import { expect, it } from 'vitest'
import { blocksOf } from './document-blocks.ts'

it('finds each block with its line, its language and what is said about running it', () => {
  const markdown = [
    '<!-- commands: run in release, until "is running" -->',
    '```sh',
    'start',
    '```',
    '1. Then:',
    '',
    '   <!-- commands: not run, because it needs a cluster -->',
    '   ```sh',
    '   kubectl apply',
    '   ```',
    '```json',
    '{}',
    '```',
  ].join('\n')
  expect(blocksOf(markdown)).toEqual([
    {
      line: 2,
      language: 'sh',
      text: 'start\n',
      plan: { kind: 'run', setting: 'release', until: 'is running', showing: null },
    },
    { line: 8, language: 'sh', text: 'kubectl apply\n', plan: { kind: 'not-run', reason: 'it needs a cluster' } },
    { line: 11, language: 'json', text: '{}\n', plan: { kind: 'unsaid' } },
  ])
})

it('refuses a comment that it does not understand', () => {
  expect(() => blocksOf('<!-- commands: maybe -->\n```sh\n```')).toThrow('"maybe" is not understood')
})
