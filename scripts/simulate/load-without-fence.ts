import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { FENCED_SOURCES, withoutFence } from './fences.ts'

// Loaded ahead of a program: takes the fence that its first argument names out of the product's sources as they are loaded.

const [, , name = ''] = process.argv
const fenced = pathToFileURL(FENCED_SOURCES).href

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.startsWith(fenced) || !loaded.source) return loaded
    return { ...loaded, source: withoutFence(Buffer.from(loaded.source as Uint8Array).toString(), name) }
  },
})
