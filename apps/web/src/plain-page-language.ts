import { GERMAN } from '@inforiver-mail/contract/language/german'
import type { PageText, PlainPageTexts } from '@inforiver-mail/contract/plain-page'
import { serverText } from './api/server-text.ts'
import { LANGUAGE_KEY } from './language/language-store.ts'
import { chooseLanguage } from './language/languages.ts'
import { createTranslate } from './language/translate.ts'
import { splitAtLinks } from './ui/links-in-text.ts'

// Words a plain page in the language of the page. The server, which renders it, knows neither that nor the German of
// Microsoft's refusals.

const main = document.querySelector('main')
const json = main?.dataset['texts']
if (main && json !== undefined) wordPage(main, JSON.parse(json) as PlainPageTexts)

function wordPage(page: HTMLElement, texts: PlainPageTexts): void {
  const { title, paragraphs, items, note, link, command, values } = texts
  const isGerman = chooseLanguage(localStorage.getItem(LANGUAGE_KEY), navigator.languages) === 'de'
  const t = createTranslate({ language: 'de', locale: 'de', catalogue: GERMAN })
  const parts = serverText({ title: '', detail: '', action: '', values }, t)

  /** Null where the text is only there in English. */
  function inGerman(text: PageText): string | null {
    if (typeof text === 'string') return null
    if ('de' in text) return text.de
    return parts.lang === 'en' ? null : parts[text.part]
  }

  function show(element: Element | null | undefined, text: PageText | null): void {
    if (!(element instanceof HTMLElement) || text === null) return
    const german = isGerman ? inGerman(text) : null
    element.lang = german === null ? 'en' : 'de'
    const shown = german ?? (typeof text === 'string' ? text : text.en)
    if (element.matches('a')) element.textContent = shown
    else
      element.replaceChildren(...splitAtLinks(shown).map((piece, index) => (index % 2 === 1 ? linkTo(piece) : piece)))
  }

  const heading = page.querySelector('h1')
  document.documentElement.lang = isGerman ? 'de' : 'en'
  show(heading, title)
  document.title = [heading?.textContent ?? '', 'Inforiver Mail'].join(' - ')
  const elements = page.querySelectorAll(':scope > p')
  for (const [index, paragraph] of paragraphs.entries()) show(elements[index], paragraph)
  const rows = page.querySelectorAll(':scope > ul > li')
  for (const [index, item] of items.entries()) show(rows[index], item)
  show(page.querySelector(':scope > .note > small'), note)
  show(page.querySelector(':scope > .link > a'), link)
  show(page.querySelector(':scope > .command'), command)
}

function linkTo(address: string): HTMLAnchorElement {
  const element = document.createElement('a')
  element.href = address
  element.textContent = address
  return element
}
