import { brotliCompressSync } from 'node:zlib'
import type { Plugin } from 'vite'

/**
 * Fails the build when the JavaScript of the first load exceeds `budgetBytes`, as a browser gets it. The first part of a
 * language's texts belongs to it: the largest of them counts.
 */
export function firstLoad({ budgetBytes }: { budgetBytes: number }): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const html = Object.values(bundle).flatMap((file) =>
          file.type === 'asset' && file.fileName.endsWith('.html') ? [String(file.source)] : [],
        )
        const scripts = html.flatMap((text) =>
          [...text.matchAll(/<script[^>]* src="\/([^"]+)"/g)].map(([, path = '']) => path),
        )
        if (scripts.length === 0) this.error('No document names a script.')
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
        const needed = new Set(chunks.filter(({ fileName }) => scripts.includes(fileName)))
        // Iterating a set also visits what is added to it during the loop.
        for (const chunk of needed) {
          for (const fileName of chunk.imports) {
            const imported = bundle[fileName]
            if (imported?.type === 'chunk') needed.add(imported)
          }
        }
        const texts = chunks.filter(({ facadeModuleId }) => /\/src\/language\/[a-z]{2}\.ts$/.test(facadeModuleId ?? ''))
        const sizeOf = ({ code }: (typeof chunks)[number]) => brotliCompressSync(code).byteLength
        const scriptBytes = [...needed].map((chunk) => sizeOf(chunk)).reduce((sum, bytes) => sum + bytes, 0)
        const sizeBytes = scriptBytes + Math.max(0, ...texts.map((chunk) => sizeOf(chunk)))
        if (sizeBytes > budgetBytes)
          this.error(`The first load is ${sizeBytes} bytes of compressed JavaScript: over ${budgetBytes}.`)
      },
    },
  }
}
