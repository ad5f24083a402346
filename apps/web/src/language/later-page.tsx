import { type ComponentType, lazy, use } from 'react'
import { useLanguageStore } from './language.tsx'

/** A page, or a part of one, outside the first load. It is loaded together with the texts outside the first load. */
export function laterPage<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const Page = lazy(async () => {
    const Loaded = await load()
    return {
      default: function WithAllTexts(props: Props) {
        use(useLanguageStore().loadAll())
        return <Loaded {...props} />
      },
    }
  })
  return function LaterPage(props: Props) {
    void useLanguageStore().loadAll() // begins beside the page; `WithAllTexts` waits for it
    return <Page {...props} />
  }
}
