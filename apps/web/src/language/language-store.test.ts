import { describe, expect, it } from 'vitest'
import type { CatalogueParts } from './catalogues.ts'
import { LANGUAGE_KEY, openLanguageStore } from './language-store.ts'
import { chooseLanguage, type LanguageCode, localeOf } from './languages.ts'
import type { TextId } from './catalogue.ts'

it.each([
  [null, ['de-AT', 'en'], 'de'],
  [null, ['fr-FR', 'en-GB', 'de'], 'en'],
  [null, ['fr'], 'en'],
  ['de', ['en-US'], 'de'],
  ['xx', ['de-DE'], 'de'],
  ['qps', ['de-DE'], 'qps'],
  [null, ['qps-ploc'], 'en'],
] as const)('with %j remembered and a browser in %j, chooses %s', (remembered, preferred, language) => {
  expect(chooseLanguage(remembered, preferred)).toBe(language)
})

it.each([
  ['en', ['de-DE', 'en-GB'], 'en-GB'],
  ['de', ['en-GB'], 'de'],
  ['en', ['en-US@posix'], 'en'],
  ['en', ['en-US@posix', 'en-GB'], 'en-GB'],
] as const)(
  'writes dates and numbers in the language %s of the page for a browser in %j: %s',
  (...[language, preferred, locale]) => {
    expect(localeOf(language, preferred)).toBe(locale)
  },
)

const FIRST = 'shell.language' as TextId
const LATER = 'later.text' as TextId

/** Catalogues whose loading a test ends when it wants. */
function setUp() {
  const loads: { readonly what: string; readonly end: () => void; readonly fail: () => void }[] = []
  function load(what: string, texts: Record<string, string>) {
    return () =>
      new Promise<Record<string, string>>((resolve, reject) => {
        loads.push({ what, end: () => resolve(texts), fail: () => reject(new Error('No connection.')) })
      })
  }
  const partsOf = (language: string): CatalogueParts => ({
    first: load(`${language} first`, { [FIRST]: `${language} first` }),
    later: load(`${language} later`, { [LATER]: `${language} later` }),
  })
  const storage = new Map<string, string>()
  const catalogues: Record<LanguageCode, CatalogueParts> = {
    en: partsOf('en'),
    de: partsOf('de'),
    qps: partsOf('qps'),
  }
  function take(what: string) {
    const index = loads.findIndex((load) => load.what === what)
    const [load] = loads.splice(index, 1)
    if (index === -1 || !load) throw new Error(`Nobody loads ${what}.`)
    return load
  }
  return {
    remembered: () => storage.get(LANGUAGE_KEY),
    end: (...whats: string[]) => whats.forEach((what) => take(what).end()),
    fail: (what: string) => take(what).fail(),
    open: async () => {
      const opening = openLanguageStore({
        catalogues,
        storage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => void storage.set(key, value) },
        preferred: ['en-GB'],
      })
      take('en first').end()
      return opening
    },
  }
}

describe('the language store', () => {
  it('starts with the first part, and loads the rest once for whoever asks', async () => {
    const { open, end } = setUp()
    const store = await open()
    expect(store.current()(LATER)).toBe(LATER)
    const loading = store.loadAll()
    expect(store.loadAll()).toBe(loading)
    await Promise.resolve()
    end('en first', 'en later')
    await loading
    expect(store.current()(LATER)).toBe('en later')
  })

  it('shows another language once all its texts are there, and remembers it', async () => {
    const { open, end, remembered } = setUp()
    const store = await open()
    const choosing = store.choose('de')
    expect(store.current().language).toBe('en')
    end('de first')
    await choosing
    expect([store.current()(FIRST), remembered()]).toEqual(['de first', 'de'])
  })

  it('shows the language chosen last, whichever is loaded last', async () => {
    const { open, end, remembered } = setUp()
    const store = await open()
    const german = store.choose('de')
    const english = store.choose('en')
    end('en first')
    await english
    end('de first')
    await german
    expect([store.current().language, remembered()]).toEqual(['en', 'en'])
  })

  it('loads the rest in the language that is being chosen meanwhile', async () => {
    const { open, end } = setUp()
    const store = await open()
    const choosing = store.choose('de')
    const loading = store.loadAll()
    await Promise.resolve()
    end('de first', 'de first', 'de later')
    await Promise.all([choosing, loading])
    expect([store.current().language, store.current()(LATER)]).toEqual(['de', 'de later'])
  })

  it('stays as it is when a language cannot be loaded, and can try again', async () => {
    const { open, end, fail, remembered } = setUp()
    const store = await open()
    const choosing = store.choose('de')
    fail('de first')
    await expect(choosing).rejects.toThrow('No connection.')
    expect([store.current().language, remembered()]).toEqual(['en', undefined])
    const again = store.choose('de')
    end('de first')
    await again
    expect(store.current().language).toBe('de')
  })

  it('follows another tab without remembering again', async () => {
    const { open, end, remembered } = setUp()
    const store = await open()
    const following = store.follow('de')
    end('de first')
    await following
    await store.follow('xx')
    expect([store.current().language, remembered()]).toEqual(['de', undefined])
  })
})
