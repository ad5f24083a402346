import './without-eval.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { CATALOGUES } from './language/catalogue.ts'
import { type LanguageStore, openLanguageStore } from './language/language-store.ts'
import { CANNOT_LOAD } from './language/languages.ts'
import { webAddress } from './routes.ts'
import { createUnsavedMemory } from './unsaved.ts'

const environment = {
  clock: () => new Date(),
  demoUrl: webAddress(metaContent('demo')),
  graphAuth: metaContent('graph-auth') === 'application' ? ('application' as const) : ('delegated' as const),
  unsaved: createUnsavedMemory(sessionStorage),
}

const root = document.querySelector('#root')
if (!root) throw new Error('The document has no #root.')
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
  createRoot(root).render(
    <StrictMode>
      <App nonce={metaContent('csp-nonce')} environment={environment} language={language} />
    </StrictMode>,
  )
}

function metaContent(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? ''
}
