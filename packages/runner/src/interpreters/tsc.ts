/** The TypeScript compiler as a type checker: one line a diagnostic, or `no errors`. Runs in Node only. */
import { createRequire } from 'node:module'
import type { Ending, Interpreter, Stage } from '../interpreter.ts'
import type { Job } from '../protocol.ts'

type Compiler = typeof import('typescript')

/** Loads the compiler. Jobs share the parsed library files and nothing else, so one load serves many. */
export function loadTsc(): Promise<Interpreter> {
  // CommonJS: an `import` of it would first scan nine megabytes for named exports.
  const ts: Compiler = createRequire(import.meta.url)('typescript')
  const parsed = new Map<string, import('typescript').SourceFile | undefined>()
  const options: import('typescript').CompilerOptions = {
    strict: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    // The library's own files are as TypeScript shipped them.
    skipLibCheck: true,
    skipDefaultLibCheck: true,
    noEmit: true,
    lib: ['lib.esnext.d.ts', 'lib.dom.d.ts'],
    types: [],
  }
  const check = (job: Job, stage: Stage): Ending => {
    const name = '/fence.ts'
    const source = job.setup === '' ? job.code : `${job.setup}\n${job.code}`
    const firstLine = job.setup === '' ? 1 : job.setup.split('\n').length + 1
    stage.begin()
    const host = ts.createCompilerHost(options, true)
    const readLibrary = host.getSourceFile.bind(host)
    const libraryFolder = `${host.getDefaultLibLocation?.() ?? ''}/`
    host.getSourceFile = (file, language) => {
      if (file === name) return ts.createSourceFile(name, source, language, true)
      // Nothing but the library: code may name any file of the machine.
      if (!file.startsWith(libraryFolder)) return undefined
      if (!parsed.has(file)) parsed.set(file, readLibrary(file, language))
      return parsed.get(file)
    }
    const read = host.readFile.bind(host)
    host.readFile = (file) => (file.startsWith(libraryFolder) ? read(file) : undefined)
    host.fileExists = (file) => file === name || parsed.get(file) !== undefined
    const program = ts.createProgram([name], options, host)
    const found = ts.getPreEmitDiagnostics(program).map((diagnostic) => {
      const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
      const where = at ? `${at.line + 2 - firstLine}:${at.character + 1} ` : ''
      return `${where}error TS${diagnostic.code}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`
    })
    stage.print(`${found.length > 0 ? found.join('\n') : 'no errors'}\n`)
    return {}
  }
  return Promise.resolve({ run: (job: Job, stage: Stage) => Promise.resolve(check(job, stage)) })
}
