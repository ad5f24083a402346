import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Fails the build when the JavaScript of the first load exceeds `budgetBytes`, gzipped. */
export function firstLoad({ budgetBytes }: { budgetBytes: number }): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const needed = new Set(
          Object.values(bundle).flatMap((file) => (file.type === 'chunk' && file.isEntry ? [file] : [])),
        )
        // Iterating a set also visits what is added to it during the loop.
        for (const chunk of needed) {
          for (const fileName of chunk.imports) {
            const imported = bundle[fileName]
            if (imported?.type === 'chunk') needed.add(imported)
          }
        }
        const sizes = [...needed].map(({ code }) => gzipSync(code, { level: 9 }).byteLength)
        const sizeBytes = sizes.reduce((sum, size) => sum + size, 0)
        if (sizeBytes > budgetBytes)
          this.error(`The first load is ${sizeBytes} bytes of gzipped JavaScript: over ${budgetBytes}.`)
      },
    },
  }
}
