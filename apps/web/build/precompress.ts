import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const SMALLEST_BYTES = 1024 // a smaller answer fits into one packet uncompressed

const compressions = {
  br: (content: Uint8Array) =>
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
  gz: (content: Uint8Array) => promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
}

/**
 * Emits a `.br` and a `.gz` beside every file that is worth compressing, so that the server only chooses between them.
 * HTML is left out, because the server changes it with every answer.
 */
export function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      async handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          if (fileName.endsWith('.html')) continue
          const source = Buffer.from(file.type === 'chunk' ? file.code : file.source)
          if (source.byteLength < SMALLEST_BYTES) continue
          for (const [extension, compress] of Object.entries(compressions)) {
            this.emitFile({ type: 'asset', fileName: `${fileName}.${extension}`, source: await compress(source) })
          }
        }
      },
    },
  }
}
