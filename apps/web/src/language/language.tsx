import { createContext, type ReactNode, useContext, useEffect, useSyncExternalStore } from 'react'
import { LANGUAGE_KEY, type LanguageStore } from './language-store.ts'
import { LANGUAGES } from './languages.ts'
import type { Translate } from './translate.ts'

const LanguageContext = createContext<LanguageStore | null>(null)

/** Gives the page its language. The document says which it is, for screen readers and for the browser. */
export function LanguageProvider({ store, children }: { store: LanguageStore; children: ReactNode }) {
  const { language } = useSyncExternalStore(store.subscribe, store.current)
  useEffect(() => {
    document.documentElement.lang = language
    document.documentElement.dir = LANGUAGES[language].direction
  }, [language])
  useEffect(() => {
    const follow = ({ key, newValue }: StorageEvent) => {
      // A tab that cannot load the language stays in its own.
      if (key === LANGUAGE_KEY) store.follow(newValue).catch(() => undefined)
    }
    window.addEventListener('storage', follow)
    return () => window.removeEventListener('storage', follow)
  }, [store])
  return <LanguageContext value={store}>{children}</LanguageContext>
}

export function useLanguageStore(): LanguageStore {
  const store = useContext(LanguageContext)
  if (!store) throw new Error('There is no LanguageProvider.')
  return store
}

/** Returns the function that words the texts of the page. Functions without React take it as an argument. */
export function useTranslate(): Translate {
  const store = useLanguageStore()
  return useSyncExternalStore(store.subscribe, store.current)
}
