/** Third-party works that no module list shows: compiled into a package's data files, or copied into our tree. */

/** A work with its licence; `text` names a file, from the root of the repository. */
export type Work = { name: string; licence: string; text: string }

const text = (name: string) => `tools/supply/texts/${name}.txt`
const work = (name: string, licence: string, file: string): Work => ({ name, licence, text: text(file) })

const zlib = work('zlib', 'Zlib', 'zlib')
const sqlite = work('SQLite', 'blessing', 'sqlite')
/** Every WebAssembly file comes from Emscripten, with its run-time library and the C library musl. */
const emscripten = [work('Emscripten', 'MIT', 'emscripten'), work('musl', 'MIT', 'musl')]

/**
 * Works in the data files of a package, by package and version. A new version stops the build until somebody has
 * looked at what it contains: its release notes, its build recipe, the names in its binary.
 */
export const inDataFiles: Record<string, Work[]> = {
  'pyodide@314.0.7': [
    work('CPython', 'Python-2.0', 'cpython'),
    work('bzip2', 'bzip2-1.0.6', 'bzip2'),
    work('Expat', 'MIT', 'expat'),
    work('HACL*', 'MIT', 'hacl'),
    work('libffi', 'MIT', 'libffi'),
    work('libmpdec', 'BSD-2-Clause', 'mpdecimal'),
    sqlite,
    work('XZ Utils (liblzma)', '0BSD', 'xz'),
    zlib,
    work('Zstandard', 'BSD-3-Clause', 'zstd'),
    ...emscripten,
  ],
  '@electric-sql/pglite@0.5.16': [
    work('PostgreSQL', 'PostgreSQL', 'postgresql'),
    work('ICU', 'Unicode-3.0', 'icu'),
    work('libxml2', 'MIT', 'libxml2'),
    work('OSSP uuid', 'ISC', 'ossp-uuid'),
    work('Snowball', 'BSD-3-Clause', 'snowball'),
    zlib,
    ...emscripten,
  ],
  'sql.js@1.16.0': [sqlite, ...emscripten],
}

/** Files of other people in our own tree, by the beginning of their path. */
export const inOurTree: Record<string, Work> = {
  'apps/site/src/fonts/': { name: 'Source Serif 4', licence: 'OFL-1.1', text: 'apps/site/src/fonts/OFL.txt' },
}

/** Code that a bundler adds, by the beginning of the module's id. */
export const generatedBy: Record<string, string> = {
  '\0vite/': 'node_modules/vite',
  '\0rolldown/': 'node_modules/rolldown',
  '\0esbuild/': 'node_modules/esbuild',
}
