import './without-eval.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient, readFirst } from './api/query-client.ts'
import { App } from './app.tsx'
import { createUnsavedMemory } from './environment.ts'
import { CATALOGUES } from './language/catalogues.ts'
import { type LanguageStore, openLanguageStore } from './language/language-store.ts'
import { CANNOT_LOAD } from './language/languages.ts'
import { LATER_PAGES } from './later-pages.tsx'
import { menuItemAt, webAddress } from './routes.ts'

const environment = {
  clock: () => new Date(),
  demoUrl: webAddress(metaContent('demo')),
  graphAuth: metaContent('graph-auth') === 'application' ? ('application' as const) : ('delegated' as const),
  unsaved: createUnsavedMemory(sessionStorage),
}

// Whichever page is shown, since what is under way may be held by another.
window.addEventListener('pagehide', environment.unsaved.leave)

const root = document.querySelector('#root')
if (!root) throw new Error('The document has no #root.')
const queryClient = createQueryClient()
void readFirst(queryClient, location.pathname)
let language: LanguageStore | null = null
try {
  language = await openLanguageStore({
    catalogues: CATALOGUES,
    storage: localStorage,
    preferred: navigator.languages,
  })
} catch {
  root.textContent = CANNOT_LOAD
}
if (language) {
  const item = menuItemAt(location.pathname)
  if (item !== null && item !== 'overview') LATER_PAGES[item].begin(queryClient, language)
  createRoot(root).render(
    <StrictMode>
      <App nonce={metaContent('csp-nonce')} environment={environment} language={language} queryClient={queryClient} />
    </StrictMode>,
  )
}

function metaContent(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? ''
}
