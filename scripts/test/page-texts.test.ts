import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parseText } from '../../apps/web/build/catalogues.ts'
import { en } from '../../apps/web/src/language/en.ts'
import { enLater } from '../../apps/web/src/language/en-later.ts'
import { namesIn } from '../../apps/web/src/test-support/message-names.ts'
import { loadedWith, matches, readPage, readSource } from './page-texts.ts'

const TEXTS: Readonly<Record<string, string>> = { ...en, ...enLater }
const IDS = Object.keys(TEXTS)
const FILES = readPage()

/** What is the same in every language, or for machines: names, types, headers, selectors and media queries, an example for a shell,
 * a text of the server that is recognised. */
const NO_TEXT =
  /^(Inforiver Mail|Microsoft|Hello|It works\.|Microsoft accepted the message\.|CallFailed|\[data-.*|dialog, .*|application\/.*|-H ".*"|\(prefers-.*\))$/
/** Names of browsers and systems, and what is copied for the support, which reads English. */
const FOR_ALL_LANGUAGES = new Set(['session/browser-name.ts', 'office365-smtp/support-text.ts'])

it('finds texts in code, and no codes, keys, styles and types', () => {
  const source = `
    import { a } from './a.ts'
    type Kind = 'Some kind'
    const useStyles = makeStyles({ box: { padding: \`0 \${x} auto inherit\`, marginLeft: '1px' } })
    if (event.key === 'Escape') throw new Error('It broke down.')
    const b = <Field label="To" type="text" title={t('a.b')}>Save {kind === 'x' ? 'Not yet' : \`\${n} messages wait\`}</Field>
  `
  const { texts, imports } = readSource('shell/x.tsx', source)
  expect({ texts, imports }).toEqual({
    texts: ['6: To', '6: Save', '6: Not yet', '6: … messages wait'],
    imports: ['shell/a.ts'],
  })
})

it('finds no text outside the catalogues', () => {
  const found = FILES.filter(({ path }) => !FOR_ALL_LANGUAGES.has(path) && !path.startsWith('language/')).flatMap(
    ({ path, texts }) =>
      texts.filter((text) => !NO_TEXT.test(text.replace(/^\d+: /, ''))).map((text) => `${path}:${text}`),
  )
  expect(found).toEqual([])
})

it('has texts that the build can parse, in every file of a language', async () => {
  const root = new URL('../../', import.meta.url)
  const files = globSync('{apps/web/src/language/{en,de},packages/contract/src/language/de}/*.ts', {
    cwd: fileURLToPath(root),
  })
  expect(files.length).toBeGreaterThan(20)
  const faults: string[] = []
  for (const file of files) {
    const areas = (await import(new URL(file, root).href)) as Readonly<Record<string, Record<string, string>>>
    for (const [id, text] of Object.values(areas).flatMap((texts) => Object.entries(texts))) {
      try {
        parseText(text)
      } catch (error) {
        faults.push(`${file}: ${id}: ${String(error)}`)
      }
    }
  }
  expect(faults).toEqual([])
})

it('finds a use of every text', () => {
  const strings = FILES.flatMap(({ strings }) => strings)
  const exact = new Set(strings.filter((text) => typeof text === 'string'))
  const patterns = strings.filter((text) => typeof text !== 'string').filter((pattern) => isOfIds(pattern))
  expect(IDS.filter((id) => !exact.has(id) && !patterns.some((pattern) => pattern.test(id)))).toEqual([])
})

it('gives every text the values that it needs, and no others', () => {
  const wrong = FILES.flatMap(({ path, calls }) =>
    calls.flatMap(({ line, ids, values, mayBeUnknown }) => {
      if (values === null) return []
      const needed = IDS.filter((id) => ids.some((wanted) => matches(id, wanted))).map((id) => ({
        id,
        names: namesIn(TEXTS[id] ?? '').map((name) => name.replace(/^<(.*)>$/, '$1')),
      }))
      // A template may match ids that it never becomes, so it is only asked for values that no text has.
      const missing = needed
        .filter(({ id }) => !mayBeUnknown && ids.includes(id))
        .flatMap(({ id, names }) =>
          names.filter((name) => !values.includes(name)).map((name) => `${path}:${line}: ${id} needs ${name}`),
        )
      const surplus = values.filter((name) => needed.length > 0 && !needed.some(({ names }) => names.includes(name)))
      return [...missing, ...surplus.map((name) => `${path}:${line}: no text has ${name}`)]
    }),
  )
  expect(wrong).toEqual([])
})

it('needs in the first load only the texts of the first load', () => {
  const early = loadedWith('main.tsx', FILES).flatMap(({ path, calls }) =>
    calls
      .filter(({ mayBeUnknown }) => !mayBeUnknown)
      .flatMap(({ line, ids }) =>
        ids.filter((wanted) => isLater(wanted)).map((wanted) => `${path}:${line}: ${wanted}`),
      ),
  )
  expect(early).toEqual([])
})

/** A template that begins like an id. Others, such as one of an address, match anything. */
function isOfIds(pattern: RegExp): boolean {
  return /^\^[a-z]+\\\./.test(pattern.source)
}

function isLater(wanted: string | RegExp): boolean {
  return Object.keys(enLater).some((id) => matches(id, wanted)) && !Object.keys(en).some((id) => matches(id, wanted))
}
